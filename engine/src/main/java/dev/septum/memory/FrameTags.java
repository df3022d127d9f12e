package dev.septum.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Judges whether a translation was used after the frame behind it had been taken away, by something
 * that does not drive any TLB.
 *
 * <p>Whoever takes frames away tags them with the next tick of a clock, after the flush and before
 * the frames can be mapped again. Whoever fills a TLB notes the clock before it walks. A use of that
 * translation is stale if the frame's tag is younger.
 *
 * <p>Reading is wait-free. Tags are kept for 512 frames at a time, and only once one of them was taken
 * away.
 */
public final class FrameTags {
  private static final int BLOCK_SHIFT = 9;
  private static final int REGION_SHIFT = 18;
  private static final int BLOCK_MASK = (1 << BLOCK_SHIFT) - 1;
  private static final int REGION_MASK = (1 << (REGION_SHIFT - BLOCK_SHIFT)) - 1;
  private static final VarHandle BLOCKS = MethodHandles.arrayElementVarHandle(long[][].class);
  private static final VarHandle TAGS = MethodHandles.arrayElementVarHandle(long[].class);

  private volatile long[][][] regions = {};
  private volatile long clock;

  /** No frame was taken away yet. */
  public FrameTags() {}

  /** The clock, to be noted before a walk. */
  public long clock() {
    return clock;
  }

  /** Tags frames that were taken away. Blocking (a monitor). */
  public synchronized void tag(long pfn, long pages) {
    long now = clock + 1;
    clock = now;
    for (long frame = pfn; frame < pfn + pages; frame++) {
      TAGS.setRelease(block(frame), (int) frame & BLOCK_MASK, now);
    }
  }

  /** Whether a frame was taken away after the clock had this value. */
  public boolean isYounger(long pfn, long than) {
    long[][][] now = regions;
    int region = (int) (pfn >>> REGION_SHIFT);
    if (region >= now.length || now[region] == null) {
      return false;
    }
    long[] block =
        (long[]) BLOCKS.getAcquire(now[region], (int) (pfn >>> BLOCK_SHIFT) & REGION_MASK);
    return block != null && (long) TAGS.getAcquire(block, (int) pfn & BLOCK_MASK) > than;
  }

  private long[] block(long pfn) {
    int region = (int) (pfn >>> REGION_SHIFT);
    if (region >= regions.length || regions[region] == null) {
      long[][][] grown = Arrays.copyOf(regions, Math.max(regions.length, region + 1));
      grown[region] = new long[REGION_MASK + 1][];
      regions = grown;
    }
    int at = (int) (pfn >>> BLOCK_SHIFT) & REGION_MASK;
    long[] block = regions[region][at];
    if (block == null) {
      block = new long[BLOCK_MASK + 1];
      BLOCKS.setRelease(regions[region], at, block);
    }
    return block;
  }
}
