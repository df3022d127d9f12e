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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest writes to a page that its TLB knows, while the host deletes its slot.
 *
 * <p>Results: of the write, what is in the page, leaves left, violations, whether the guest found
 * the slot going.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.SLOT_DELETE)
@JCStressTest
@Outcome(
    id = "NONE, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written; then the page was taken away and zeroed.")
@Outcome(
    id = "MMIO, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Deleted; then the guest found no memory.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came when the memory was not private any more, and the slot still there.")
@Outcome(
    id = {"MMIO, 0, 0, 0, 1", "MEMORY_FAULT, 0, 0, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the slot going, and waited.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page that was taken away is not written any more.")
@State
public class StoreAgainstSlotDeletion {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Deletes the slot. */
  @Actor
  public void host(LLLLL_Result result) {
    td.vm.deleteSlot(td.slot);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r2 = td.content(0);
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
