package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Spte;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * One thread translates a gfn twice that nobody has touched, hardware sets A for a read of it.
 *
 * <p>Results: A and D as each walk saw them (two digits), whether the access was allowed (1), A and
 * D afterwards, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TRANSLATE, second = Operation.ACCESS_A)
@Outcome(
    id = "0, 0, 1, 10, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated before the access.")
@Outcome(
    id = "10, 10, 1, 10, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated after the access.")
@Outcome(
    id = "0, 10, 1, 10, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The CAS of the access came between the two walks.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A bit that was seen set stays set.")
@State
public class TranslateAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public TranslateAgainstAccess() {
    tree.fillBlock(first);
  }

  /** Translates twice. */
  @Actor
  public void first(IIIIII_Result result) {
    first.section().open();
    result.r1 = walk();
    result.r2 = walk();
    first.section().close();
  }

  /** Reads. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r3 = tree.access(second, 1, Access.READ) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r4 = tree.flags(first, 1);
    result.r5 = tree.leaves();
    result.r6 = tree.violations();
  }

  private int walk() {
    long entry = tree.mmu.walk(first, 1);
    return (Spte.isAccessed(entry) ? 10 : 0) + (Spte.isDirty(entry) ? 1 : 0);
  }
}
