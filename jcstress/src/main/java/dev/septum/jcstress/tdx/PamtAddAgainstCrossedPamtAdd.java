package dev.septum.jcstress.tdx;

import dev.septum.tdx.SeamcallRegisters;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Two host threads give two ranges one page pair, with its pages in opposite order.
 *
 * <p>Results: of the first PAMT.ADD, of the second, of a third behind them with the same pages,
 * violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_NOT_FREE RDX, PAGE_NOT_FREE RDX, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first had both pages when the second came.")
@Outcome(
    id = "PAGE_NOT_FREE RDX, SUCCESS, PAGE_NOT_FREE RDX, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second had both pages when the first came.")
@Outcome(
    id = "SUCCESS, PAGE_NOT_FREE R8, PAGE_NOT_FREE RDX, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first had one page, and has got the other.")
@Outcome(
    id = "PAGE_NOT_FREE R8, SUCCESS, PAGE_NOT_FREE RDX, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second had one page, and has got the other.")
@Outcome(
    id = "PAGE_NOT_FREE R8, PAGE_NOT_FREE R8, SUCCESS, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Each had what the other wanted next, and gave it back: so does the module.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A page is of one page pair, and whoever fails keeps none.")
@State
public class PamtAddAgainstCrossedPamtAdd {
  private final TinyTd td = TinyTd.runningWithDynamicPamt();
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Gives it to the one. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = td.addPair(first, TinyTd.RANGE, TinyTd.PAGE, TinyTd.NEXT_PAGE);
  }

  /** Gives it to the other. */
  @Actor
  public void second(LLLL_Result result) {
    result.r2 = td.addPair(second, TinyTd.OTHER_RANGE, TinyTd.NEXT_PAGE, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.addPair(first, TinyTd.THIRD_RANGE, TinyTd.PAGE, TinyTd.NEXT_PAGE);
    result.r4 = td.violations();
  }
}
