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
 * One thread zaps; against it comes each operation in turn that holds the lock.
 *
 * <p>Results: what came, whether one of the two had to wait (1), {@link WatchedMachine#overlaps},
 * {@link WatchedMachine#violations}.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.FAULT_4K)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.FAULT_2M)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.SPLIT_SHARED)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.SPLIT_EXCLUSIVE)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.MERGE)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.ZAP)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.SLOT_DELETE)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.PREFAULT)
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.TABLE_REUSE)
@Outcome(
    id = "FAULT_4K, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that splits a large leaf: before the zap or after it.")
@Outcome(
    id = "FAULT_2M, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that merges a full table: before the zap or after it.")
@Outcome(
    id = "SPLIT_SHARED, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A split that shares the lock: before the zap or after it.")
@Outcome(
    id = "SPLIT_EXCLUSIVE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A split that wants the lock alone: before the zap or after it.")
@Outcome(
    id = "MERGE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A merge: before the zap or after it.")
@Outcome(
    id = "ZAP, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Another zap: before the zap or after it.")
@Outcome(
    id = "SLOT_DELETE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The deletion of a slot: before the zap or after it.")
@Outcome(
    id = "PREFAULT, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A block mapped in advance: before the zap or after it.")
@Outcome(
    id = "TABLE_REUSE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that takes a table whose grace period is over: before the zap or after it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "The lock keeps the two apart: no hold overlaps, no race is lost, the tree is sound, and each"
            + " block is as one of the two orders leaves it.")
@State
public class ZapAloneInDirect {
  private final WatchedVm vm = new WatchedVm(Operation.ZAP);

  /** Zaps. */
  @Actor
  public void first() {
    vm.runAlone();
  }

  /** Does what comes against it. */
  @Actor
  public void second() {
    vm.runOther();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r1 = vm.other();
    result.r2 = vm.met();
    result.r3 = vm.overlaps();
    result.r4 = vm.violations();
  }
}
