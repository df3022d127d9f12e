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
 * The guest accepts a page, blocked and tracked, that the host removes.
 *
 * <p>Results: of ACCEPT, of REMOVE, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "EXIT PENDING_BLOCKED, SUCCESS, 4K FREE, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was blocked; then it was removed.")
@Outcome(
    id = "EXIT FREE, SUCCESS, 4K FREE, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was removed.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K FREE, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host had the entry when the guest tried it.")
@Outcome(
    id = "EXIT PENDING_BLOCKED, OPERAND_BUSY RCX, 4K PENDING_BLOCKED, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest had the entry when the host tried it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A blocked page is not accepted, nor is one that is gone.")
@State
public class AcceptAgainstRemove {
  private final TinyTd td =
      TinyTd.running()
          .withTable(0, TinyTd.TABLE)
          .withPending(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withBlocked(TinyTd.PG_4K, 0)
          .withGuestInside();
  private final SeamcallRegisters host = new SeamcallRegisters();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(TinyTd.PG_4K, 0);
  }

  /** Removes. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host(host, TdxLeaf.MEM_PAGE_REMOVE, TinyTd.PG_4K, 0, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
