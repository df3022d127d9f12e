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
 * The host blocks a page, tracks it, and removes it, as far as the module lets it; meanwhile a vCPU
 * enters, writes to the page, asks for another page some times, and leaves. A translation that the
 * write has got is held until then.
 *
 * <p>Results: what the vCPU met (its VP.ENTER failed; HELD a translation; EXIT at the write), of
 * TRACK, of REMOVE (NONE: not tried), whether the page was removed while a translation was held,
 * violations.
 */
@JCStressTest
@Outcome(
    id = "HELD, SUCCESS, SUCCESS, false, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was out again before the page was tracked.")
@Outcome(
    id = "EXIT, SUCCESS, SUCCESS, false, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It met the block.")
@Outcome(
    id = "HELD, SUCCESS, TLB_TRACKING_NOT_DONE RCX, false, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was inside with its translation: REMOVE had to wait.")
@Outcome(
    id = "EXIT, SUCCESS, TLB_TRACKING_NOT_DONE RCX, false, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was inside since the epoch of the block, and met the block.")
@Outcome(
    id = "EXIT, OPERAND_BUSY TD_EPOCH, NONE, false, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was entering when TRACK tried the epoch; so its write came behind the block.")
@Outcome(
    id = "OPERAND_BUSY TD_EPOCH, SUCCESS, SUCCESS, false, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "TRACK had the epoch when it tried to enter.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Nothing is removed while a vCPU inside may hold a translation through it.")
@State
public class TrackAgainstEnter {
  private static final int CALLS_INSIDE = 4;

  private final TinyTd td =
      TinyTd.running()
          .withTable(0, TinyTd.TABLE)
          .withMapped(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withMapped(TinyTd.PG_4K, 1, TinyTd.OTHER_PAGE);
  private final SeamcallRegisters host = new SeamcallRegisters();
  private final SeamcallRegisters guest = new SeamcallRegisters();
  private volatile boolean removed;

  /** Enters, writes, stays for a while, leaves. */
  @Actor
  public void guest(LLLLL_Result result) {
    String entered = td.enter(guest);
    boolean holds = entered.equals("SUCCESS") && td.write(guest, 0);
    for (int call = 0; holds && call < CALLS_INSIDE; call++) {
      td.accept(TinyTd.PG_4K, 1);
    }
    result.r4 = holds && removed;
    if (holds) {
      td.leave();
    }
    result.r1 = holds ? "HELD" : entered.equals("SUCCESS") ? "EXIT" : entered;
  }

  /** Blocks, tracks, removes. */
  @Actor
  public void host(LLLLL_Result result) {
    td.host(host, TdxLeaf.MEM_RANGE_BLOCK, TinyTd.PG_4K, 0, 0);
    String tracked = td.track(host);
    result.r2 = tracked;
    result.r3 = "NONE";
    if (tracked.equals("SUCCESS")) {
      result.r3 = td.host(host, TdxLeaf.MEM_PAGE_REMOVE, TinyTd.PG_4K, 0, 0);
      removed = result.r3.equals("SUCCESS");
    }
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r5 = td.violations();
  }
}
