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
 * The host tracks twice, with nobody inside at first; meanwhile a vCPU enters, and stays.
 *
 * <p>Results: of VP.ENTER, of each TRACK, epochs (10 for each of the TD, 1 for each of the vCPU),
 * violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, PREVIOUS_TLB_EPOCH_BUSY, 21, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It entered first: the second TRACK finds it inside.")
@Outcome(
    id = "SUCCESS, SUCCESS, SUCCESS, 33, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It entered last.")
@Outcome(
    id = "SUCCESS, SUCCESS, SUCCESS, 32, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It entered between the two.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY TD_EPOCH, SUCCESS, 21, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was entering when the first TRACK tried the epoch.")
@Outcome(
    id = "SUCCESS, SUCCESS, OPERAND_BUSY TD_EPOCH, 22, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was entering when the second TRACK tried the epoch.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY TD_EPOCH, OPERAND_BUSY TD_EPOCH, 11, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was entering all the while.")
@Outcome(
    id = "OPERAND_BUSY TD_EPOCH, SUCCESS, SUCCESS, 30, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One of the two had the epoch when it tried to enter.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "Whoever is inside has entered in this epoch or in the one before, and is counted there.")
@State
public class TrackTwiceAgainstEnter {
  private final TinyTd td = TinyTd.running();
  private final SeamcallRegisters host = new SeamcallRegisters();
  private final SeamcallRegisters guest = new SeamcallRegisters();

  /** Enters. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.enter(guest);
  }

  /** Tracks, and again. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.track(host);
    result.r3 = td.track(host);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.epochs();
    result.r5 = td.violations();
  }
}
