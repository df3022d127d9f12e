package dev.septum.jcstress.alone;

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
 * One thread punches a hole in private memory; against it comes each operation in turn that holds
 * the lock.
 *
 * <p>Results: what came, whether one of the two had to wait (1), {@link WatchedMachine#overlaps},
 * {@link WatchedMachine#violations}.
 */
@JCStressTest
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.FAULT_4K)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.FAULT_2M)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.SPLIT_SHARED)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.SPLIT_EXCLUSIVE)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.PROMOTE)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.ZAP)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.CONVERSION)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.HOLE_PUNCH)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.SLOT_DELETE)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.PREFAULT)
@Race(tree = Tree.MIRROR, first = Operation.HOLE_PUNCH, second = Operation.TABLE_REUSE)
@Outcome(
    id = "FAULT_4K, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A page of 4K added: before the hole or after it.")
@Outcome(
    id = "FAULT_2M, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A page of 2M added: before the hole or after it.")
@Outcome(
    id = "SPLIT_SHARED, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A non-blocking demote by a fault: before the hole or after it.")
@Outcome(
    id = "SPLIT_EXCLUSIVE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A demote, with its block and kick: before the hole or after it.")
@Outcome(
    id = "PROMOTE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A promotion: before the hole or after it.")
@Outcome(
    id = "ZAP, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A zap, with its splits at both ends: before the hole or after it.")
@Outcome(
    id = "CONVERSION, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A conversion, with its splits at both ends: before the hole or after it.")
@Outcome(
    id = "HOLE_PUNCH, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Another hole, with its splits at both ends: before the hole or after it.")
@Outcome(
    id = "SLOT_DELETE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The deletion of a slot: before the hole or after it.")
@Outcome(
    id = "PREFAULT, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A page of 2M added in advance: before the hole or after it.")
@Outcome(
    id = "TABLE_REUSE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that takes a table whose grace period is over: before the hole or after it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "The lock keeps the two apart: no hold overlaps, no race is lost, mirror and Secure EPT are"
            + " sound, and each block is as one of the two orders leaves it.")
@State
public class HolePunchAlone {
  private final WatchedTd td = new WatchedTd(Operation.HOLE_PUNCH);

  /** Punches. */
  @Actor
  public void first() {
    td.runAlone();
  }

  /** Does what comes against it. */
  @Actor
  public void second() {
    td.runOther();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r1 = td.other();
    result.r2 = td.met();
    result.r3 = td.overlaps();
    result.r4 = td.violations();
  }
}
