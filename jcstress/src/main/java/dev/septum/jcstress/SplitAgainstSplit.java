package dev.septum.jcstress;

import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.StampedMmuLock;
import dev.septum.trace.MmuCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * Two threads split one huge leaf under the shared lock. Results: leaves split by each, small leaves
 * counted afterwards, violations found by the audit.
 */
@JCStressTest
@Outcome(id = "1, 0, 2, 0", expect = Expect.ACCEPTABLE, desc = "The first CAS was the first's.")
@Outcome(id = "0, 1, 2, 0", expect = Expect.ACCEPTABLE, desc = "The first CAS was the second's.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A leaf is split once, into as many as it covers, and the tree is sound.")
@State
public class SplitAgainstSplit {
  private static final Geometry GEOMETRY = new Geometry(2, 1);
  private static final GfnRange BLOCK = GfnRange.ofPages(0, 2);
  private static final int MAX_TABLES = 512;

  private final TdpMmu mmu =
      new TdpMmu(
          GEOMETRY, MAX_TABLES, MmuOptions.SEPTUM, new StampedMmuLock(), TlbFlusher.NONE);
  private final Walker first = mmu.newWalker();
  private final Walker second = mmu.newWalker();

  /** Maps the block by one leaf. */
  public SplitAgainstSplit() {
    PageFault fault = new PageFault();
    fault.begin(0, Access.WRITE.bit(), mmu.invalidationSequence());
    mmu.fault(first, fault.backedBy(0, true, PageLevel.PG_2M));
  }

  /** Splits. */
  @Actor
  public void first(IIII_Result result) {
    result.r1 = (int) mmu.split(first, BLOCK, PageLevel.PG_4K, false);
  }

  /** Splits. */
  @Actor
  public void second(IIII_Result result) {
    result.r2 = (int) mmu.split(second, BLOCK, PageLevel.PG_4K, false);
  }

  /** Looks. */
  @Arbiter
  public void arbiter(IIII_Result result) {
    result.r3 = (int) mmu.counters().sum(MmuCounter.MAPPED_4K);
    result.r4 = mmu.audit().size();
  }
}
