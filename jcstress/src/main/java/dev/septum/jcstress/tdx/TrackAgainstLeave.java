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
 * A page is blocked and tracked, and a vCPU is inside since before. It leaves and enters again; the
 * host tracks once more, and removes the page.
 *
 * <p>Results: of VP.ENTER (STALE: the page was removed before the vCPU had left), of TRACK, of
 * REMOVE, epochs (10 for each of the TD, 1 for each of the vCPU), violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, SUCCESS, 33, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It left; it entered the new epoch.")
@Outcome(
    id = "SUCCESS, SUCCESS, SUCCESS, 32, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It left and entered; then the new epoch began.")
@Outcome(
    id = "SUCCESS, PREVIOUS_TLB_EPOCH_BUSY, TLB_TRACKING_NOT_DONE RCX, 22, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was inside all the while.")
@Outcome(
    id = "SUCCESS, PREVIOUS_TLB_EPOCH_BUSY, SUCCESS, 22, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It left between TRACK and REMOVE.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY TD_EPOCH, SUCCESS, 22, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was entering when TRACK tried the epoch: so it had left.")
@Outcome(
    id = "OPERAND_BUSY TD_EPOCH, SUCCESS, SUCCESS, 31, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It had left; TRACK had the epoch when it tried to enter.")
@Outcome(
    id = "OPERAND_BUSY TD_EPOCH, PREVIOUS_TLB_EPOCH_BUSY, SUCCESS, 21, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It left, and tried to enter, while TRACK had the epoch and had seen it inside.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The counts are those of the vCPUs inside, and what they may hold is not removed.")
@State
public class TrackAgainstLeave {
  private final TinyTd td =
      TinyTd.running()
          .withTable(0, TinyTd.TABLE)
          .withPending(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withGuestInside()
          .withBlocked(TinyTd.PG_4K, 0);

  private final SeamcallRegisters host = new SeamcallRegisters();
  private final SeamcallRegisters guest = new SeamcallRegisters();
  private volatile boolean removed;

  /** Leaves, and enters. */
  @Actor
  public void guest(LLLLL_Result result) {
    boolean stale = removed;
    td.leave();
    String entered = td.enter(guest);
    result.r1 = stale ? "STALE" : entered;
  }

  /** Tracks, removes. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.track(host);
    result.r3 = td.host(host, TdxLeaf.MEM_PAGE_REMOVE, TinyTd.PG_4K, 0, 0);
    removed = result.r3.equals("SUCCESS");
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.epochs();
    result.r5 = td.violations();
  }
}
