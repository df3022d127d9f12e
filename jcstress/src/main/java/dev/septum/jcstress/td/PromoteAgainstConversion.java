package dev.septum.jcstress.td;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * The host promotes a block of small pages, while the first of them is made shared. The lock keeps
 * the two apart, but a conversion takes it several times, and a promotion may come in between.
 *
 * <p>Results: tables promoted, whether the page was private still when that was over, leaves
 * removed, what is in the other page, leaves left, violations.
 */
@JCStressTest
@Outcome(
    id = "1, true, 1, 5, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Promoted; then split, and the page removed.")
@Outcome(
    id = "0, false, 1, 5, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Converted: the table was not full any more.")
@Outcome(
    id = "1, false, 1, 5, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Promoted, and converted before that was asked.")
@Outcome(
    id = "0, true, 1, 5, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The conversion was in progress: promotion left the block alone.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The conversion takes its own page only, and finds no page that lies across its end.")
@State
public class PromoteAgainstConversion {
  private final TinyVm td = new TinyVm().acceptedSmall().stored(1, 5);

  /** Promotes. */
  @Actor
  public void promoter(LLLLLL_Result result) {
    result.r1 = td.promote();
    result.r2 = td.host.isPrivate(0);
  }

  /** Makes the first page shared. */
  @Actor
  public void converter(LLLLLL_Result result) {
    result.r3 = td.host.convertToShared(TinyVm.FIRST_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r4 = td.content(1);
    result.r5 = td.leaves();
    result.r6 = td.violations();
  }
}
