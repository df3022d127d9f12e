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
 * The guest accepts a page twice while the host reads its entry once. Then, one after the other:
 * the guest tries, the host reads, the guest tries.
 *
 * <p>Results: of the two ACCEPTs, of the read, of the two ACCEPTs behind, violations.
 */
@JCStressTest
@Outcome(
    id =
        "SUCCESS PAGE_ALREADY_ACCEPTED level0, SUCCESS, PAGE_ALREADY_ACCEPTED level0, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Neither met the other.")
@Outcome(
    id =
        "OPERAND_BUSY RCX SUCCESS, SUCCESS, PAGE_ALREADY_ACCEPTED level0, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host had the entry at the first try; the second won.")
@Outcome(
    id =
        "SUCCESS OPERAND_BUSY RCX, SUCCESS, PAGE_ALREADY_ACCEPTED level0, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host had the entry at the second try.")
@Outcome(
    id = "OPERAND_BUSY RCX OPERAND_BUSY RCX, SUCCESS, SUCCESS, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host had the entry at both tries.")
@Outcome(
    id =
        "SUCCESS PAGE_ALREADY_ACCEPTED level0, OPERAND_BUSY RCX, OPERAND_BUSY RCX, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The host lost to a try, too late for the second: the next is refused until the host has won.")
@Outcome(
    id =
        "SUCCESS OPERAND_BUSY RCX, OPERAND_BUSY RCX, OPERAND_BUSY RCX, PAGE_ALREADY_ACCEPTED level0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host lost to the first try: all are refused until the host has won.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "A guest is refused if and only if the host has the entry, or has lost it and not won since.")
@State
public class HostPriority {
  private final TinyTd td =
      TinyTd.running()
          .withTable(0, TinyTd.TABLE)
          .withPending(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withGuestInside();
  private final SeamcallRegisters host = new SeamcallRegisters();

  /** Accepts, and again. */
  @Actor
  public void guest(LLLLL_Result result) {
    String first = td.accept(TinyTd.PG_4K, 0);
    String second = td.accept(TinyTd.PG_4K, 0);
    result.r1 = first + " " + second;
  }

  /** Reads the entry. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host(host, TdxLeaf.MEM_SEPT_RD, TinyTd.PG_4K, 0, 0);
  }

  /** The guest, the host, the guest. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.accept(TinyTd.PG_4K, 0);
    td.host(host, TdxLeaf.MEM_SEPT_RD, TinyTd.PG_4K, 0, 0);
    result.r4 = td.accept(TinyTd.PG_4K, 0);
    result.r5 = td.violations();
  }
}
