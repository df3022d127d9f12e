package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * One thread deletes a slot that nobody has touched, hardware reads a gfn of it again and again.
 *
 * <p>Results: the levels at which the first and the last access were allowed (0: not at all),
 * leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SLOT_DELETE, second = Operation.ACCESS_A)
@Outcome(id = "2, 2, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "Accessed before the leaf went.")
@Outcome(id = "0, 0, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "Accessed after the leaf went.")
@Outcome(
    id = "2, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The leaf went between two of the accesses.")
@Outcome(
    id = "0, 0, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The leaf went between the look of the access and its CAS: not allowed, and no bit brings"
            + " it back.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A leaf that has gone allows no access, and no bit that is set late brings it back.")
@State
public class SlotDeleteAgainstAccess {
  private final TinyMachine machine = new TinyMachine();
  private final TinyTree tree = machine.tree;
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public SlotDeleteAgainstAccess() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Deletes the slot. */
  @Actor
  public void first() {
    machine.deleteSlot();
  }

  /** Reads, and again. */
  @Actor
  public void second(IIIII_Result result) {
    result.r1 = tree.accessLevel(second, 1, Access.READ);
    result.r2 = tree.accessLevelLater(second, 1, Access.READ);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = machine.violations();
    result.r5 = tree.raced();
  }
}
