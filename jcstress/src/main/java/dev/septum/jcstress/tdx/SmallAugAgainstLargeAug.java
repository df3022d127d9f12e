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
 * One host thread adds a small page, another the large page around it, for two blocks of gfns.
 *
 * <p>Results: of the small AUG, of the large one, how each gfn is mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT R8, 4K PENDING, 2M FREE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page was added before the large one was looked at.")
@Outcome(
    id = "PAGE_METADATA_INCORRECT R8, SUCCESS, 4K FREE, 2M PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page was added before the small one was looked at.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY R8, 4K PENDING, 2M FREE, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The small AUG had the large descriptor, shared, when the large one tried it.")
@Outcome(
    id = "OPERAND_BUSY R8, SUCCESS, 4K FREE, 2M PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large AUG had its descriptor when the small one tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "No page is assigned at two sizes.")
@State
public class SmallAugAgainstLargeAug {
  private final TinyTd td = TinyTd.running().withTable(0, TinyTd.TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Adds the small page. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.NEXT_PAGE);
  }

  /** Adds the large page. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_2M, 2, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.shape(2);
    result.r5 = td.violations();
  }
}
