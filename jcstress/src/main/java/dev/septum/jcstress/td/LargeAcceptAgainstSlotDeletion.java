package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest accepts a large page, while the host deletes its slot.
 *
 * <p>Results: of ACCEPT, leaves left, violations, whether the guest found the slot going, whether
 * the module was busy with the guest.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.SLOT_DELETE)
@JCStressTest
@Outcome(
    id = "SUCCESS, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then the slot was deleted.")
@Outcome(
    id = "MMIO, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Deleted; then the guest found no memory.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came when the memory was not private any more, and the slot still there.")
@Outcome(
    id = {"MMIO, 0, 0, 1, 0", "MEMORY_FAULT, 0, 0, 1, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the slot going, and waited.")
@Outcome(
    id = "SUCCESS, 0, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The module was busy with the guest: the host kept the vCPUs out, and asked once more.")
@Outcome(
    id = {
      "MMIO, 0, 0, 0, 1",
      "MEMORY_FAULT, 0, 0, 0, 1",
      "MMIO, 0, 0, 1, 1",
      "MEMORY_FAULT, 0, 0, 1, 1"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The module was busy with the guest, which found no memory when it came back.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Nothing of a slot that is gone is mapped.")
@State
public class LargeAcceptAgainstSlotDeletion {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Deletes the slot. */
  @Actor
  public void host(LLLLL_Result result) {
    td.vm.deleteSlot(td.slot);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r2 = td.leaves();
    result.r3 = td.violations();
    result.r4 = td.retried();
    result.r5 = td.raced();
  }
}
