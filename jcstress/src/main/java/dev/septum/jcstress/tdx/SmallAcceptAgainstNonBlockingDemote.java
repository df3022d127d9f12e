package dev.septum.jcstress.tdx;

import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * The guest accepts small pages, one after the other, of a large one that the host splits without a
 * block. While the first makes it exit, it enters and tries again, some times; then it gives up.
 *
 * <p>Results: of the first ACCEPT, of DEMOTE, how the second gfn is mapped, of the second ACCEPT
 * (NONE: given up), violations.
 */
@JCStressTest
@Outcome(
    id = "EXIT PENDING, SUCCESS, 4K PENDING, NONE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The page was large still at the last try.")
@Outcome(
    id = "SUCCESS, SUCCESS, 4K MAPPED, SUCCESS, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split, then accepted in parts.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Whoever reaches the new table finds it filled.")
@State
public class SmallAcceptAgainstNonBlockingDemote {
  private static final int MOST_EXITS = 4;

  private final TinyTd td =
      TinyTd.runningWithNonBlockingResize()
          .withPending(TinyTd.PG_2M, 0, TinyTd.PAGE)
          .withGuestInside();
  private final SeamcallRegisters host = new SeamcallRegisters();
  private final SeamcallRegisters place = new SeamcallRegisters();

  /** Accepts both. */
  @Actor
  public void guest(LLLLL_Result result) {
    String first = td.accept(TinyTd.PG_4K, 0);
    for (int exits = 1; exits < MOST_EXITS && first.startsWith("EXIT"); exits++) {
      td.enter(place);
      first = td.accept(TinyTd.PG_4K, 0);
    }
    result.r1 = first;
    result.r4 = first.startsWith("EXIT") ? "NONE" : td.accept(TinyTd.PG_4K, 1);
  }

  /** Splits. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host(host, TdxLeaf.MEM_PAGE_DEMOTE, TinyTd.PG_2M, 0, TinyTd.TABLE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(1);
    result.r5 = td.violations();
  }
}
