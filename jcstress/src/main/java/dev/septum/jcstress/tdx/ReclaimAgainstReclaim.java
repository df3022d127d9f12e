package dev.septum.jcstress.tdx;

import dev.septum.tdx.SeamcallRegisters;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Two host threads take back one page of a TD that is torn down.
 *
 * <p>Results: of each RECLAIM, pages owned before and behind, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT RCX, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first had it before the second looked.")
@Outcome(
    id = "PAGE_METADATA_INCORRECT RCX, SUCCESS, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second had it before the first looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY RCX, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first had the descriptor when the second tried it.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second had the descriptor when the first tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is taken back, and counted, once.")
@State
public class ReclaimAgainstReclaim {
  private final TinyTd td = TinyTd.running().withTable(0, TinyTd.TABLE).tornDown();
  private final int before = td.pages();
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Takes it back. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.reclaim(first, TinyTd.TABLE);
  }

  /** Takes it back. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.reclaim(second, TinyTd.TABLE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = before;
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
