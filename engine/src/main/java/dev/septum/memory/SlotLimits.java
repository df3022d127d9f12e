package dev.septum.memory;

import dev.septum.mmu.MappingLimits;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * How large a mapping may be at each place of a slot (KVM's {@code lpage_info}): not where a block
 * sticks out of the slot at its head or tail, not where gfn and pfn are aligned differently, not
 * where someone has forbidden it or the guest has shown that it wants smaller pages, not where
 * private and shared gfns mix, and not larger than the guest_memfd's pages.
 *
 * <p>Read under the MMU lock, changed under it exclusively. Only {@link #isInhibited} is asked
 * without the lock: see there.
 */
public final class SlotLimits implements MappingLimits {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(int[].class);
  private static final int CHUNK_SHIFT = 6;
  private static final int CHUNK_WORDS = 1 << CHUNK_SHIFT;

  // A block's word: how often it was forbidden, above one bit for the guest's inhibit.
  private static final int INHIBITED = 1;
  private static final int FORBIDDEN_ONCE = 2;

  private final Geometry geometry;
  private final GfnRange range;
  private final int largestAligned;
  private final @Nullable MemoryAttributes attributes;
  private final @Nullable GuestMemfd memfd;

  /** The words of the 2M blocks, then those of the 1G blocks. */
  private final SparseArray<int[]> words;

  private final long firstWordOf1G;

  SlotLimits(
      Geometry geometry,
      GfnRange range,
      long pfn,
      @Nullable MemoryAttributes attributes,
      @Nullable GuestMemfd memfd) {
    this.geometry = geometry;
    this.range = range;
    this.largestAligned = largestAligned(geometry, range, pfn);
    this.attributes = attributes;
    this.memfd = memfd;
    this.firstWordOf1G = blockIn(range.end() - 1, PageLevel.PG_2M) + 1;
    long end = firstWordOf1G + blockIn(range.end() - 1, PageLevel.PG_1G) + 1;
    this.words = new SparseArray<>((end - 1 >>> CHUNK_SHIFT) + 1);
  }

  /** The largest leaf level at which gfns and frames are aligned to each other. */
  static int largestAligned(Geometry geometry, GfnRange range, long pfn) {
    int level = geometry.maxLeafLevel();
    while (((range.start() ^ pfn) & geometry.pages(level) - 1) != 0) {
      level--;
    }
    return level;
  }

  @Override
  public int maxMappingLevel(long gfn, int cap) {
    int level = Math.min(cap, geometry.maxLeafLevel());
    if (memfd != null && range.contains(gfn)) {
      level = Math.min(level, memfd.level(gfn));
    }
    while (level > PageLevel.PG_4K && !allows(gfn, level)) {
      level--;
    }
    return level;
  }

  private boolean allows(long gfn, int level) {
    long block = geometry.round(gfn, level);
    return level <= largestAligned
        && block >= range.start()
        && block + geometry.pages(level) <= range.end()
        && wordAcquire(wordOf(gfn, level)) == 0
        && (attributes == null || attributes.isUniform(gfn, level));
  }

  /**
   * Forbids mappings of a level over a gfn for the guest has ACCEPTed smaller pages there (KVM's
   * {@code GUEST_INHIBIT}); larger levels are the caller's to inhibit as well. Under the exclusive
   * MMU lock, and only once nothing is mapped there at that level any more: a split that fails
   * leaves the mark unset.
   *
   * @param level 2M or 1G
   * @return whether it was not inhibited before
   * @throws IllegalArgumentException if the gfn is not in the slot, or the level not a large leaf's
   */
  public boolean inhibit(long gfn, int level) {
    long at = checkedWordOf(gfn, level);
    int word = wordAcquire(at);
    setWordRelease(at, word | INHIBITED);
    return (word & INHIBITED) == 0;
  }

  /**
   * Takes {@link #inhibit} back. Under the exclusive MMU lock, before anything is mapped there at
   * that level.
   *
   * @return whether it was inhibited
   * @throws IllegalArgumentException as {@link #inhibit} does
   */
  public boolean clearInhibit(long gfn, int level) {
    long at = checkedWordOf(gfn, level);
    int word = wordAcquire(at);
    if ((word & INHIBITED) == 0) {
      return false;
    }
    setWordRelease(at, word & ~INHIBITED);
    return true;
  }

  /**
   * Whether the guest inhibits mappings of a level over a gfn. Wait-free, without a lock: an exit
   * by an ACCEPT asks it before it takes the lock for a split. The mark is set after the split and
   * cleared before a merge, so "yes" means that no such mapping stands, or that the merge which is
   * about to make one holds the exclusive lock; "no" may be out of date, and costs a look under the
   * lock.
   *
   * @throws IllegalArgumentException as {@link #inhibit} does
   */
  public boolean isInhibited(long gfn, int level) {
    return (wordAcquire(checkedWordOf(gfn, level)) & INHIBITED) != 0;
  }

  /**
   * Forbids a mapping of this level over the gfn, once more.
   *
   * @throws IllegalArgumentException as {@link #inhibit} does
   */
  void forbid(long gfn, int level) {
    long at = checkedWordOf(gfn, level);
    setWordRelease(at, Math.addExact(wordAcquire(at), FORBIDDEN_ONCE));
  }

  /**
   * Takes one {@link #forbid} back.
   *
   * @throws IllegalStateException if there is none
   */
  void permit(long gfn, int level) {
    long at = checkedWordOf(gfn, level);
    int word = wordAcquire(at);
    if (word < FORBIDDEN_ONCE) {
      throw new IllegalStateException(
          String.format("a %s mapping at gfn 0x%x is not forbidden", PageLevel.of(level), gfn));
    }
    setWordRelease(at, word - FORBIDDEN_ONCE);
  }

  private int wordAcquire(long at) {
    int[] chunk = words.getAcquire(at >>> CHUNK_SHIFT);
    return chunk == null ? 0 : (int) WORDS.getAcquire(chunk, (int) at & (CHUNK_WORDS - 1));
  }

  private void setWordRelease(long at, int word) {
    int[] chunk = words.getOrAdd(at >>> CHUNK_SHIFT, () -> new int[CHUNK_WORDS]);
    WORDS.setRelease(chunk, (int) at & (CHUNK_WORDS - 1), word);
  }

  private long checkedWordOf(long gfn, int level) {
    if (!range.contains(gfn) || geometry.checkLeafLevel(level) == PageLevel.PG_4K) {
      throw new IllegalArgumentException(
          String.format("no large page of %s over gfn 0x%x: %s", range, gfn, PageLevel.of(level)));
    }
    return wordOf(gfn, level);
  }

  private long wordOf(long gfn, int level) {
    long block = blockIn(gfn, level);
    return level == PageLevel.PG_2M ? block : firstWordOf1G + block;
  }

  /** The number of a block, counted from the first that the slot has a part of. */
  private long blockIn(long gfn, int level) {
    int shift = geometry.bitsPerLevel() * (level - 1);
    return (gfn >> shift) - (range.start() >> shift);
  }
}
