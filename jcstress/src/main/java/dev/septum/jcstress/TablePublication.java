package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A fault links a new table and installs a leaf in it, a walk comes by twice.
 *
 * <p>Results: of the fault, where each walk ended (level and leaf: 20 for the empty large entry, 10
 * for an empty small one, 11 for the leaf), violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.TRANSLATE)
@Outcome(
    id = "FIXED, 20, 20, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Walked before the table was linked.")
@Outcome(
    id = "FIXED, 11, 11, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Walked after the leaf was installed.")
@Outcome(
    id = "FIXED, 20, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The table was linked between the walks.")
@Outcome(
    id = "FIXED, 20, 11, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Table and leaf came between the walks.")
@Outcome(
    id = "FIXED, 10, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Walked in the table before its leaf was installed: it was seen empty, as it was filled.")
@Outcome(
    id = "FIXED, 10, 11, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The leaf came between the walks.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Whoever sees the table sees it as it was filled before it was linked.")
@State
public class TablePublication {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a write. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.WRITE, PageLevel.PG_4K);
  }

  /** Walks twice. */
  @Actor
  public void second(LLLL_Result result) {
    second.section().open();
    result.r2 = walk();
    result.r3 = walk();
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r4 = tree.violations();
  }

  private int walk() {
    long entry = tree.mmu.walk(second, 0);
    boolean expected = entry == Spte.EMPTY || Spte.isPresent(entry);
    return expected ? 10 * second.level() + (Spte.isPresent(entry) ? 1 : 0) : -1;
  }
}
