package dev.septum.memory;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A set of guest frame numbers that is mostly whole blocks.
 *
 * <p>Regions have the size of a 1G leaf, blocks that of a 2M leaf. What is empty is null, what is
 * full is one object for all of its kind, and only what is in between has storage: a block its
 * bits, a region its blocks and the number of its gfns. That form is kept at every change, so
 * whether a block or a region is uniform is seen without looking into it.
 *
 * <p>Reading is wait-free and needs no lock; it sees each gfn as it was at some moment of the call.
 * A gfn that a change does not touch is never seen changed: storage is filled before it is
 * published, and storage that is dropped has come to say the same as what takes its place. One
 * thread changes the set at a time.
 */
final class GfnSet {
  private static final VarHandle BLOCKS = MethodHandles.arrayElementVarHandle(long[][].class);
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final long[] FULL_BLOCK = {-1};

  /** Between empty and full. */
  private static final class Region {
    final long[] @Nullable [] blocks;
    int members;

    Region(int blockCount) {
      this.blocks = new long[blockCount][];
    }
  }

  private static final Region FULL_REGION = new Region(0);

  private final Geometry geometry;
  private final int regionShift;
  private final int blockPages;
  private final SparseArray<Region> regions;

  /** The empty set. */
  GfnSet(Geometry geometry) {
    this.geometry = geometry;
    this.blockPages = geometry.entries();
    this.regionShift = 2 * geometry.bitsPerLevel();
    this.regions = new SparseArray<>(geometry.gfnLimit() >>> regionShift);
  }

  /**
   * Whether a gfn is in the set. Wait-free.
   *
   * @throws IndexOutOfBoundsException if it is beyond the tree
   */
  boolean contains(long gfn) {
    Region region = regions.getAcquire(gfn >> regionShift);
    if (region == null || region == FULL_REGION) {
      return region != null;
    }
    long[] block = (long[]) BLOCKS.getAcquire(region.blocks, blockIn(gfn));
    if (block == null || block == FULL_BLOCK) {
      return block != null;
    }
    int bit = (int) gfn & (blockPages - 1);
    return ((long) WORDS.getAcquire(block, bit >>> 6) >>> bit & 1) != 0;
  }

  /**
   * Whether the set has all or nothing of the block of a level, 1 to 3, around a gfn. Wait-free.
   */
  boolean isUniform(long gfn, int level) {
    Region region = regions.getAcquire(gfn >> regionShift);
    if (level == PageLevel.PG_4K || region == null || region == FULL_REGION) {
      return true;
    }
    if (level > PageLevel.PG_2M) {
      return false;
    }
    long[] block = (long[]) BLOCKS.getAcquire(region.blocks, blockIn(gfn));
    return block == null || block == FULL_BLOCK;
  }

  /**
   * Adds the gfns of [{@code start}, {@code end}), or takes them away.
   *
   * @return how many were not, or were, in the set
   */
  long set(long start, long end, boolean member) {
    long changed = 0;
    for (long at = start; at < end; ) {
      long next = Math.min((at >> regionShift) + 1 << regionShift, end);
      changed += setInRegion(at, next, member);
      at = next;
    }
    return changed;
  }

  private long setInRegion(long start, long end, boolean member) {
    long index = start >> regionShift;
    int pages = 1 << regionShift;
    Region uniform = member ? FULL_REGION : null;
    Region old = regions.getAcquire(index);
    if (old == uniform) {
      return 0;
    }
    if (end - start == pages) {
      int before = old == null ? 0 : old == FULL_REGION ? pages : old.members;
      regions.setRelease(index, uniform);
      return member ? pages - before : before;
    }
    Region region = old == null || old == FULL_REGION ? uniformRegion(old != null) : old;
    long changed = 0;
    for (long at = start; at < end; ) {
      long next = Math.min(geometry.round(at, PageLevel.PG_2M) + blockPages, end);
      changed += setInBlock(region, at, (int) (next - at), member);
      at = next;
    }
    region.members += (int) (member ? changed : -changed);
    boolean isUniform = region.members == (member ? pages : 0);
    regions.setRelease(index, isUniform ? uniform : region);
    return changed;
  }

  private int setInBlock(Region region, long gfn, int pages, boolean member) {
    int at = blockIn(gfn);
    long[] old = region.blocks[at];
    long[] uniform = member ? FULL_BLOCK : null;
    if (old == uniform) {
      return 0;
    }
    int before = count(old);
    long[] block = uniform;
    if (pages < blockPages) {
      block = old == null || old == FULL_BLOCK ? uniformBlock(old != null) : old;
      setBits(block, (int) gfn & (blockPages - 1), pages, member);
    }
    int after = count(block);
    BLOCKS.setRelease(region.blocks, at, after == (member ? blockPages : 0) ? uniform : block);
    return Math.abs(after - before);
  }

  private static void setBits(long[] block, int first, int pages, boolean member) {
    int end = first + pages;
    for (int bit = first; bit < end; ) {
      int word = bit >>> 6;
      int next = Math.min(word + 1 << 6, end);
      long mask = -1L >>> 64 - (next - bit) << bit;
      WORDS.setRelease(block, word, member ? block[word] | mask : block[word] & ~mask);
      bit = next;
    }
  }

  private int count(long @Nullable [] block) {
    if (block == null || block == FULL_BLOCK) {
      return block == null ? 0 : blockPages;
    }
    int members = 0;
    for (long word : block) {
      members += Long.bitCount(word);
    }
    return members;
  }

  private Region uniformRegion(boolean full) {
    Region region = new Region(geometry.entries());
    if (full) {
      region.members = 1 << regionShift;
      Arrays.fill(region.blocks, FULL_BLOCK);
    }
    return region;
  }

  private long[] uniformBlock(boolean full) {
    long[] block = new long[blockPages + 63 >>> 6];
    if (full) {
      setBits(block, 0, blockPages, true);
    }
    return block;
  }

  private int blockIn(long gfn) {
    return geometry.index(gfn, PageLevel.PG_2M);
  }
}
