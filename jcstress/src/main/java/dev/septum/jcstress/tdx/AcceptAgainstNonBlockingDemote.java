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
 * The guest accepts a large page that the host splits without a block.
 *
 * <p>Results: of ACCEPT, of DEMOTE, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, 4K MAPPED, 3, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted, then split: its parts are accepted.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, SUCCESS, 4K PENDING, 3, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split: the guest is to accept small pages.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K PENDING, 3, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host had the entry when the guest tried it.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY RCX, 2M MAPPED, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest had the entry when the host tried it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What the guest has accepted stays accepted, whole or in parts.")
@State
public class AcceptAgainstNonBlockingDemote {
  private final TinyTd td =
      TinyTd.runningWithNonBlockingResize()
          .withPending(TinyTd.PG_2M, 0, TinyTd.PAGE)
          .withGuestInside();
  private final SeamcallRegisters host = new SeamcallRegisters();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(TinyTd.PG_2M, 0);
  }

  /** Splits. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host(host, TdxLeaf.MEM_PAGE_DEMOTE, TinyTd.PG_2M, 0, TinyTd.TABLE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
