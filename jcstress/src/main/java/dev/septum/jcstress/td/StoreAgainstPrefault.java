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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest writes to private memory that it has not accepted, so its page is mapped, and the write
 * not made, while the host maps it before anybody touches it.
 *
 * <p>Results: of the write, of the host's fault, what is in the page, leaves left, violations,
 * whether one met the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.PREFAULT)
@JCStressTest
@Outcome(
    id = {"UNACCEPTED, SPURIOUS, 0, 10, 0, 0", "UNACCEPTED, FIXED, 0, 10, 0, 0"},
    expect = Expect.ACCEPTABLE,
    desc = "One of them had the page mapped, the other found it.")
@Outcome(
    id = "UNACCEPTED, RETRY, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host came while the guest had the page added.")
@Outcome(
    id = "UNACCEPTED, FIXED, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the host had the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is not accepted is not written, and mapped once.")
@State
public class StoreAgainstPrefault {
  private final TinyVm td = new TinyVm();

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Maps the page. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.prefault(td.secondWalker, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(0);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
