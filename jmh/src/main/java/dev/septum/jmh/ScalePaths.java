package dev.septum.jmh;

import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.trace.MmuCounter;
import java.lang.management.ManagementFactory;
import java.util.Random;
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

/**
 * What a fault and a walk cost in a guest of some size, all of which is mapped in pages of 4K. A
 * terabyte is {@code -p gib=1024}; it wants 2.1 GiB of heap, which is printed.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = SeptumPaths.INLINING)
public class ScalePaths {
  private static final int BLOCK = 512;
  private static final int BLOCKS = 256;
  private static final long PAGES_OF_GIB = 262_144;
  private static final int WALKS = 500_000;

  /** A guest, mapped but for some blocks of 2 MiB that were just unmapped. */
  @State(Scope.Thread)
  public static class Guest {
    /** Its memory in GiB, a power of 2. */
    @Param("1")
    public int gib;

    private final TdpMmu mmu = FreshPages.newTree(1 << 22, new BiasedMmuLock());
    private final Walker walker = mmu.newWalker();
    private final PageFault fault = new PageFault();
    private final Random random = new Random(1);
    private final long[] unmapped = new long[BLOCKS];
    private long lastRandom = 88_172_645_463_325_252L;

    /** Maps all of it. */
    @Setup
    public void map() {
      long pages = gib * PAGES_OF_GIB;
      for (long gfn = 0; gfn < pages; gfn++) {
        map(gfn);
      }
      System.gc();
      System.out.printf(
          "%,d pages of 4K mapped, %,d tables, %,d MiB of heap in use%n",
          mmu.counters().sum(MmuCounter.MAPPED_4K),
          mmu.tables().live(),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20);
    }

    /** Unmaps some blocks anywhere. */
    @Setup(Level.Invocation)
    public void unmap() {
      int blocks = (int) (gib * PAGES_OF_GIB / BLOCK);
      for (int i = 0; i < BLOCKS; i++) {
        // one in each of as many parts, so that none comes twice
        long block = (long) blocks * i / BLOCKS + random.nextInt(blocks / BLOCKS);
        unmapped[i] = block * BLOCK;
        mmu.zap(walker, GfnRange.ofPages(unmapped[i], BLOCK));
      }
    }

    /** Ends. */
    @TearDown
    public void close() {
      walker.close();
      mmu.close();
    }

    private void map(long gfn) {
      FreshPages.map(mmu, walker, fault, gfn, PageLevel.PG_4K);
    }
  }

  /** Faults fresh pages, one after the other in each block. */
  @Benchmark
  @OperationsPerInvocation(BLOCKS * BLOCK)
  public void faultAnywhere(Guest guest) {
    for (long start : guest.unmapped) {
      for (long gfn = start; gfn < start + BLOCK; gfn++) {
        guest.map(gfn);
      }
    }
  }

  /** Walks to random pages of the whole guest, inside one read section. */
  @Benchmark
  @OperationsPerInvocation(WALKS)
  public long walkAnywhere(Guest guest) {
    long mask = guest.gib * PAGES_OF_GIB - 1;
    long random = guest.lastRandom;
    long sum = 0;
    guest.walker.section().open();
    for (int i = 0; i < WALKS; i++) {
      random ^= random << 13;
      random ^= random >>> 7;
      random ^= random << 17;
      sum += guest.mmu.walk(guest.walker, random & mask);
    }
    guest.walker.section().close();
    guest.lastRandom = random;
    return sum;
  }
}
