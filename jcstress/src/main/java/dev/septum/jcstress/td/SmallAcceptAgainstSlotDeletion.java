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
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest accepts the second of two small pages, while the host deletes their slot: its leaves go,
 * then it is private memory no more, then there is no slot.
 *
 * <p>Results: of ACCEPT, leaves left, violations, whether the guest found the slot going.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.SLOT_DELETE)
@JCStressTest
@Outcome(
    id = "SUCCESS, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then the slot was deleted.")
@Outcome(
    id = "MMIO, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Deleted; then the guest found no memory.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came when the memory was not private any more, and the slot still there.")
@Outcome(
    id = "MMIO, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the slot going, and waited until it was gone.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the slot going, and waited until its memory was not private.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Nothing of a slot that is gone is mapped.")
@State
public class SmallAcceptAgainstSlotDeletion {
  private final TinyVm td = new TinyVm().acceptedHalf();

  /** Accepts. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
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
