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
 * A guest reads private memory that it has not accepted, so its page is mapped, and nothing read,
 * while the host maps it before anybody touches it.
 *
 * <p>Results: what was read, of the host's fault, leaves left, violations, whether one met the
 * other.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.PREFAULT)
@JCStressTest
@Outcome(
    id = {"UNACCEPTED, SPURIOUS, 10, 0, 0", "UNACCEPTED, FIXED, 10, 0, 0"},
    expect = Expect.ACCEPTABLE,
    desc = "One of them had the page mapped, the other found it.")
@Outcome(
    id = "UNACCEPTED, RETRY, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host came while the guest had the page added.")
@Outcome(
    id = "UNACCEPTED, FIXED, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the host had the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is not accepted is not read, and mapped once.")
@State
public class LoadAgainstPrefault {
  private final TinyVm td = new TinyVm();

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Maps the page. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.prefault(td.secondWalker, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
