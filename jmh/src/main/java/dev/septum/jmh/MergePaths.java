package dev.septum.jmh;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.MappingLimits;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a merge of a table of 4K leaves costs, by mark and by the kernel's way, one thread. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class MergePaths {
  private static final int BLOCK = 512;
  private static final int TABLES = 2048;
  private static final int MAX_TABLES = 1 << 14;
  private static final GfnRange MEMORY = GfnRange.ofPages(0, (long) TABLES * BLOCK);
  private static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  /** 4 GiB of 2M pages, split. */
  @State(Scope.Thread)
  public static class Divided {
    /** Whether each entry of a table is exchanged. */
    @Param({"false", "true"})
    public boolean exchange;

    private final GfnRange[] blocks = new GfnRange[TABLES];
    private TdpMmu mmu;
    private Walker walker;

    /** Maps. */
    @Setup
    public void map() {
      MmuOptions options = new MmuOptions(false, false, false, exchange);
      mmu =
          new TdpMmu(
              Geometry.FOUR_LEVEL, MAX_TABLES, options, new BiasedMmuLock(), TlbFlusher.NONE);
      walker = mmu.newWalker();
      PageFault fault = new PageFault();
      for (int i = 0; i < TABLES; i++) {
        blocks[i] = GfnRange.ofPages((long) i * BLOCK, BLOCK);
        fault
            .begin(blocks[i].start(), Access.WRITE.bit(), mmu.invalidationSequence())
            .backedBy(blocks[i].start(), true, PageLevel.PG_2M);
        if (mmu.fault(walker, fault) != FaultResult.FIXED) {
          throw new IllegalStateException("was mapped already: " + blocks[i]);
        }
      }
    }

    /** Splits. */
    @Setup(Level.Invocation)
    public void reset() {
      mmu.split(walker, MEMORY, PageLevel.PG_4K, false);
    }

    /** Ends. */
    @TearDown
    public void close() {
      walker.close();
      mmu.close();
    }

    private long merge(GfnRange range) {
      return mmu.merge(walker, range, PageLevel.PG_2M, UNLIMITED);
    }
  }

  /** One call for each table. */
  @Benchmark
  @OperationsPerInvocation(TABLES)
  public long oneByOne(Divided tree) {
    long merged = 0;
    for (GfnRange block : tree.blocks) {
      merged += tree.merge(block);
    }
    return merged;
  }

  /** One call for all tables. */
  @Benchmark
  @OperationsPerInvocation(TABLES)
  public long byRange(Divided tree) {
    return tree.merge(MEMORY);
  }
}
