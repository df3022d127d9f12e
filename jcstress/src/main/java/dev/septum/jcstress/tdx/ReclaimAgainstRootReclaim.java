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
 * One host thread takes back the last page of a TD, another its root.
 *
 * <p>Results: of the RECLAIM of the page, of that of the root, of that of the root once more, pages
 * owned beyond the control pages, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, PAGE_METADATA_INCORRECT RCX, -5, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The page, then the root.")
@Outcome(
    id = "SUCCESS, TD_ASSOCIATED_PAGES_EXIST, SUCCESS, -5, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The root was tried while the page was there.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The root goes last.")
@State
public class ReclaimAgainstRootReclaim {
  private final TinyTd td = TinyTd.running().tornDown().reclaimedDownTo(TinyTd.controlPage());
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Takes the page back. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.reclaim(first, TinyTd.controlPage());
  }

  /** Takes the root back. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.reclaimRoot(second);
  }

  /** Takes the root back if it is there still; looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.reclaimRoot(second);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
