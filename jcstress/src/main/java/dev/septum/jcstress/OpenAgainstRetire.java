package dev.septum.jcstress;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.ReadSection;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * One thread opens its read section, another retires something and looks whether its grace period
 * has elapsed.
 *
 * <p>Results: whether what the reader remembers has lapsed, whether the grace period has elapsed.
 */
@JCStressTest
@Outcome(
    id = "true, true",
    expect = Expect.ACCEPTABLE,
    desc = "Retired first: the reader knows that its tables may be others by now.")
@Outcome(
    id = "false, false",
    expect = Expect.ACCEPTABLE,
    desc = "Opened first: the reader holds back what was retired.")
@Outcome(
    id = "true, false",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both at once: the section held back more than it had to.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A reader that nothing has lapsed for is inside, and is seen.")
@State
public class OpenAgainstRetire {
  private final GracePeriods periods = new GracePeriods();
  private boolean hasLapsed; // the reader's own
  private final ReadSection section = periods.register(() -> hasLapsed = true);

  /** Opens. */
  @Actor
  public void first(ZZ_Result result) {
    section.open();
    result.r1 = hasLapsed;
  }

  /** Retires. */
  @Actor
  public void second(ZZ_Result result) {
    result.r2 = periods.hasElapsed(periods.retire());
  }
}
