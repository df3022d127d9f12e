package dev.septum.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a translation was used after the frame behind it had been taken away, by something
 * that does not drive any TLB.
 *
 * <p>Whoever takes frames away unmaps them, advances a clock, flushes, and then tags them with that
 * tick, before they can be mapped again. Whoever fills a TLB notes the clock before it walks. A use
 * of that translation is stale if the frame's tag is younger.
 *
 * <p>The clock advances before the flush, not behind it: whoever notes the clock once the flush is
 * over may find the frame mapped again, rightly, and must not note a value older than the tag.
 *
 * <p>Reading is wait-free. A block of 512 frames that is taken away as a whole costs one tag; one
 * of which a part was taken away has a tag a frame, until it is taken away as a whole. What never
 * comes back costs nothing.
 */
public final class FrameTags {
  private static final int BLOCK_SHIFT = 9;
  private static final int BLOCK_FRAMES = 1 << BLOCK_SHIFT;
  private static final int REGION_SHIFT = 18;
  private static final long REGION_FRAMES = 1L << REGION_SHIFT;
  private static final int REGION_BLOCKS = 1 << (REGION_SHIFT - BLOCK_SHIFT);
  private static final long NEVER_AGAIN = Long.MAX_VALUE;
  private static final Region GONE = new Region();
  private static final VarHandle FRAMES = MethodHandles.arrayElementVarHandle(long[][].class);
  private static final VarHandle TAGS = MethodHandles.arrayElementVarHandle(long[].class);

  /** The tags of 512 blocks. */
  private static final class Region {
    final long[] blocks = new long[REGION_BLOCKS];
    final long[][] frames = new long[REGION_BLOCKS][];
  }

  static {
    Arrays.fill(GONE.blocks, NEVER_AGAIN);
  }

  private volatile @Nullable Region[] regions = {};
  private volatile long clock;

  /** No frame was taken away yet. */
  public FrameTags() {}

  /** The clock, to be noted before a walk. */
  public long clock() {
    return clock;
  }

  /** Advances the clock: after frames have been unmapped, before they are flushed. Blocking. */
  public synchronized void advance() {
    clock = clock + 1;
  }

  /**
   * Tags frames that were taken away and flushed with the present tick; nobody has advanced the
   * clock since the flush began. Blocking (a monitor).
   *
   * @throws IllegalStateException if they were given up by {@link #retire}
   */
  public synchronized void tag(long pfn, long pages) {
    long now = clock;
    long end = pfn + pages;
    long at = pfn;
    while (at < end) {
      Region region = region((int) (at >>> REGION_SHIFT));
      int block = (int) (at >>> BLOCK_SHIFT) & (REGION_BLOCKS - 1);
      int first = (int) at & (BLOCK_FRAMES - 1);
      int count = (int) Math.min(BLOCK_FRAMES - first, end - at);
      if (count == BLOCK_FRAMES) {
        tagBlock(region, block, now);
      } else {
        tagFrames(region, block, first, count, now);
      }
      at += count;
    }
  }

  /**
   * Says that no frame of a region is ever mapped again: all were taken away and flushed, or never
   * given out. Whoever noted the clock before they were taken away is stale, however late it asks.
   * Blocking (a monitor).
   *
   * @param pfn the first of them
   * @param pages how many; what is no whole region keeps its tags
   */
  public synchronized void retire(long pfn, long pages) {
    int from = (int) (pfn + REGION_FRAMES - 1 >>> REGION_SHIFT);
    int to = (int) (pfn + pages >>> REGION_SHIFT);
    if (from < to) {
      @Nullable Region[] kept = Arrays.copyOf(regions, Math.max(regions.length, to));
      Arrays.fill(kept, from, to, GONE);
      regions = kept;
    }
  }

  /** Whether a frame was taken away after the clock had this value. */
  public boolean isYounger(long pfn, long than) {
    @Nullable Region[] now = regions;
    int at = (int) (pfn >>> REGION_SHIFT);
    Region region = at < now.length ? now[at] : null;
    if (region == null) {
      return false;
    }
    int block = (int) (pfn >>> BLOCK_SHIFT) & (REGION_BLOCKS - 1);
    long[] frames = (long[]) FRAMES.getAcquire(region.frames, block);
    if ((long) TAGS.getAcquire(region.blocks, block) > than) {
      return true;
    }
    return frames != null && (long) TAGS.getAcquire(frames, (int) pfn & (BLOCK_FRAMES - 1)) > than;
  }

  private static void tagBlock(Region region, int block, long now) {
    TAGS.setRelease(region.blocks, block, now);
    if (region.frames[block] != null) {
      FRAMES.setRelease(region.frames, block, null); // who sees this sees the block's tag
    }
  }

  private static void tagFrames(Region region, int block, int first, int count, long now) {
    long[] frames = region.frames[block];
    if (frames == null) {
      frames = new long[BLOCK_FRAMES];
      FRAMES.setRelease(region.frames, block, frames);
    }
    for (int frame = first; frame < first + count; frame++) {
      TAGS.setRelease(frames, frame, now);
    }
  }

  private Region region(int at) {
    @Nullable Region[] known = regions;
    Region region = at < known.length ? known[at] : null;
    if (region == GONE) {
      throw new IllegalStateException(
          String.format(
              "frames of region 0x%x were given up for good, and are taken away again",
              (long) at << REGION_SHIFT));
    }
    if (region == null) {
      region = new Region();
      @Nullable Region[] grown = Arrays.copyOf(known, Math.max(known.length, at + 1));
      grown[at] = region;
      regions = grown;
    }
    return region;
  }
}
