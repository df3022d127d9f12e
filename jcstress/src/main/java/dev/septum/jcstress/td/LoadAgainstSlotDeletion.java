package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest reads a page that its TLB knows, while the host deletes its slot.
 *
 * <p>Results: what was read, leaves left, violations, whether the guest found the slot going.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.SLOT_DELETE)
@JCStressTest
@Outcome(id = "1, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "Read; then the slot was deleted.")
@Outcome(
    id = "MMIO, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Deleted; then the guest found no memory.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came when the memory was not private any more, and the slot still there.")
@Outcome(
    id = {"MMIO, 0, 0, 1", "MEMORY_FAULT, 0, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the slot going, and waited.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A page that was taken away, and zeroed, is not read any more.")
@State
public class LoadAgainstSlotDeletion {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1);

  /** Reads. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Deletes the slot. */
  @Actor
  public void host(LLLL_Result result) {
    td.vm.deleteSlot(td.slot);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r2 = td.leaves();
    result.r3 = td.violations();
    result.r4 = td.retried();
  }
}
