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
 * Two host threads give two ranges one page pair.
 *
 * <p>Results: of the first PAMT.ADD, of the second, what RDMD tells of the first range behind them,
 * violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_NOT_FREE RDX, 4K NDA, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first range has it.")
@Outcome(
    id = "PAGE_NOT_FREE RDX, SUCCESS, 2M NDA, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second range has it.")
@Outcome(
    id = "SUCCESS, PAGE_NOT_FREE R8, 4K NDA, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first range got it after the second had seen one page free.")
@Outcome(
    id = "PAGE_NOT_FREE R8, SUCCESS, 2M NDA, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second range got it after the first had seen one page free.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is of one page pair.")
@State
public class PamtAddAgainstPamtAdd {
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
    result.r2 = td.addPair(second, TinyTd.OTHER_RANGE, TinyTd.PAGE, TinyTd.NEXT_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.readMetadata(first, TinyTd.RANGE);
    result.r4 = td.violations();
  }
}
