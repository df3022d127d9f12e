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
 * One host thread adds a table, another tries twice to add a page in it.
 *
 * <p>Results: of SEPT.ADD, of each AUG, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, EPT_WALK_FAILED RCX, EPT_WALK_FAILED RCX, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Both tries came before the table.")
@Outcome(
    id = "SUCCESS, SUCCESS, SUCCESS, 3, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Both tries came behind the table.")
@Outcome(
    id = "SUCCESS, EPT_WALK_FAILED RCX, SUCCESS, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The table came between the tries.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Whoever reaches the table finds it empty, as it was filled before it was linked.")
@State
public class SeptAddAgainstAug {
  private final TinyTd td = TinyTd.running();
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Adds the table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_SEPT_ADD, TinyTd.PG_2M, 0, TinyTd.TABLE);
  }

  /** Adds two pages in it. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.PAGE);
    result.r3 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 1, TinyTd.OTHER_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
