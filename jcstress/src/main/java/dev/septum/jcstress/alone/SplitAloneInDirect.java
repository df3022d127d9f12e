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
 * One thread splits alone; against it comes each operation in turn that holds the lock.
 *
 * <p>Results: what came, whether one of the two had to wait (1), {@link WatchedMachine#overlaps},
 * {@link WatchedMachine#violations}.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.FAULT_4K)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.FAULT_2M)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.SPLIT_SHARED)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.SPLIT_EXCLUSIVE)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.MERGE)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.ZAP)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.SLOT_DELETE)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.PREFAULT)
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.TABLE_REUSE)
@Outcome(
    id = "FAULT_4K, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that splits a large leaf: before the split or after it.")
@Outcome(
    id = "FAULT_2M, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that merges a full table: before the split or after it.")
@Outcome(
    id = "SPLIT_SHARED, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A split that shares the lock: before the split or after it.")
@Outcome(
    id = "SPLIT_EXCLUSIVE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Another split that wants the lock alone: before the split or after it.")
@Outcome(
    id = "MERGE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A merge: before the split or after it.")
@Outcome(
    id = "ZAP, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A zap: before the split or after it.")
@Outcome(
    id = "SLOT_DELETE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The deletion of a slot: before the split or after it.")
@Outcome(
    id = "PREFAULT, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A block mapped in advance: before the split or after it.")
@Outcome(
    id = "TABLE_REUSE, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A fault that takes a table whose grace period is over: before the split or after it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "The lock keeps the two apart: no hold overlaps, no race is lost, the tree is sound, and each"
            + " block is as one of the two orders leaves it.")
@State
public class SplitAloneInDirect {
  private final WatchedVm vm = new WatchedVm(Operation.SPLIT_EXCLUSIVE);

  /** Splits. */
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
