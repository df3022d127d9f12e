package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who owns each host page, and at which size: one descriptor for each page of 4K, 2M and 1G.
 *
 * <p>The size is that of the largest descriptor on the way that is not NDA: REG at 1G, else REG at
 * 2M, else what 4K says. Descriptors of 4K are made when they are first asked for.
 *
 * <p>A descriptor is its type and owner in one word, the epoch of its last block, and a lock.
 * Whoever holds the lock exclusively may change the rest; BEPOCH is also written by RANGE.BLOCK
 * under the entry lock of the page. A free page becomes a page pair's, RSVD, by CAS, under a lock
 * that keeps others from taking it; it is free again by a write of the pair's owner. All methods
 * are wait-free but the making of descriptors, which is lock-free. Levels are 0 to 2 here: 4K, 2M,
 * 1G.
 */
final class Pamt {
  static final int PG_4K = 0;
  static final int PG_2M = 1;
  static final int PG_1G = 2;

  private static final int TYPE_MASK = 0xf;
  private static final int OWNER_SHIFT = 8;
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle BLOCKS = MethodHandles.arrayElementVarHandle(Block[].class);
  private static final VarHandle TABLES = MethodHandles.arrayElementVarHandle(long[][].class);
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  /** Descriptors of one size, in order. */
  private static class Descriptors {
    final int[] locks;
    final long[] words;
    final long[] bepochs;

    Descriptors(int count) {
      locks = new int[count];
      words = new long[count];
      bepochs = new long[count];
    }
  }

  /** The 4K descriptors of a 2M block, and the tables that lie in its pages. */
  private static final class Block extends Descriptors {
    final long[] @Nullable [] tables;

    /** Dynamic PAMT: the page pair that holds the descriptors; guarded by the 2M lock. */
    long firstOfPair;

    long secondOfPair;

    Block(int count) {
      super(count);
      tables = new long[count][];
    }
  }

  private final Geometry geometry;
  private final int bits;
  private final long firstPfn;
  private final long pages;
  private final boolean dynamic;
  private final @Nullable Block[] blocks;

  /**
   * 4K pages in use, by block; beside the blocks, so that a 2M page is taken without making the
   * block of 4K descriptors.
   */
  private final int[] used;

  private final Descriptors twoMegs;
  private final Descriptors gigs;

  Pamt(ModuleConfig config) {
    this.geometry = config.geometry();
    this.bits = geometry.bitsPerLevel();
    this.firstPfn = config.firstPfn();
    this.pages = config.pages();
    this.dynamic = config.dynamicPamt();
    int count = (int) (pages - 1 >>> bits) + 1;
    this.blocks = new Block[count];
    this.used = new int[count];
    this.twoMegs = new Descriptors(count);
    this.gigs = new Descriptors((int) (pages - 1 >>> 2 * bits) + 1);
  }

  /** Whether a frame lies in a TDMR. */
  boolean contains(long pfn) {
    return pfn >= firstPfn && pfn < firstPfn + pages;
  }

  long firstPfn() {
    return firstPfn;
  }

  long endPfn() {
    return firstPfn + pages;
  }

  /** Pages of 4K in a page of a level. */
  long pagesOf(int level) {
    return 1L << bits * level;
  }

  private Descriptors at(int level, long pfn) {
    return switch (level) {
      case PG_4K -> block(pfn);
      case PG_2M -> twoMegs;
      default -> gigs;
    };
  }

  private int index(int level, long pfn) {
    long at = pfn - firstPfn >>> bits * level;
    return level == PG_4K ? (int) at & (1 << bits) - 1 : (int) at;
  }

  private Block block(long pfn) {
    int at = (int) (pfn - firstPfn >>> bits);
    Block block = (Block) BLOCKS.getAcquire(blocks, at);
    if (block == null) {
      Block made = new Block(1 << bits);
      Block witness = (Block) BLOCKS.compareAndExchange(blocks, at, null, made);
      block = witness == null ? made : witness;
    }
    return block;
  }

  /** Whether a walk ends at a descriptor of 2M or 1G: nothing smaller decides about the page. */
  boolean isLeaf(int level, long pfn) {
    PageType type = typeAcquire(level, pfn);
    return dynamic && level == PG_2M ? type != PageType.PAMT : type == PageType.REG;
  }

  /** Whether anything was ever asked of the 4K descriptors of a block. */
  boolean isTouched(long pfn) {
    return BLOCKS.getAcquire(blocks, (int) (pfn - firstPfn >>> bits)) != null;
  }

  // Locks.

  int[] lockWords(int level, long pfn) {
    return at(level, pfn).locks;
  }

  int lockIndex(int level, long pfn) {
    return index(level, pfn);
  }

  // Descriptors.

  PageType typeAcquire(int level, long pfn) {
    return PageType.ofNumber((int) wordAcquire(level, pfn) & TYPE_MASK);
  }

  /** The frame of the TDR that the page belongs to, or belonged to last. */
  long ownerAcquire(int level, long pfn) {
    return wordAcquire(level, pfn) >>> OWNER_SHIFT;
  }

  private long wordAcquire(int level, long pfn) {
    return (long) LONGS.getAcquire(at(level, pfn).words, index(level, pfn));
  }

  long bepochVolatile(int level, long pfn) {
    return (long) LONGS.getVolatile(at(level, pfn).bepochs, index(level, pfn));
  }

  void setBepochVolatile(int level, long pfn, long bepoch) {
    LONGS.setVolatile(at(level, pfn).bepochs, index(level, pfn), bepoch);
  }

  /** Gives a page to a TD, with no block noted. The caller holds its lock exclusively. */
  void assignUnblockedRelease(int level, long pfn, PageType type, long owner) {
    at(level, pfn).bepochs[index(level, pfn)] = 0;
    assignRelease(level, pfn, type, owner);
  }

  /** Gives a page to a TD. Its BEPOCH is left as it is. */
  void assignRelease(int level, long pfn, PageType type, long owner) {
    Descriptors descriptors = at(level, pfn);
    LONGS.setRelease(descriptors.words, index(level, pfn), wordOf(type, owner));
    if (level == PG_4K) {
      countUsed(pfn, 1);
    }
  }

  /** Takes a page back: its type is NDA; owner and BEPOCH stay. */
  void freeRelease(int level, long pfn) {
    setTypeRelease(level, pfn, PageType.NDA);
    if (level == PG_4K) {
      countUsed(pfn, -1);
    }
  }

  private void setTypeRelease(int level, long pfn, PageType type) {
    Descriptors descriptors = at(level, pfn);
    int index = index(level, pfn);
    long word = (long) LONGS.getAcquire(descriptors.words, index);
    LONGS.setRelease(descriptors.words, index, withType(word, type));
  }

  private static long wordOf(PageType type, long owner) {
    return type.number() | owner << OWNER_SHIFT;
  }

  private static long withType(long word, PageType type) {
    return word & ~TYPE_MASK | type.number();
  }

  /** Whether all the smaller descriptors of a page are NDA, down to 4K. */
  boolean areChildrenFree(int level, long pfn) {
    for (long at = pfn; at < pfn + pagesOf(level); at += pagesOf(1)) {
      if (level == PG_1G && typeAcquire(PG_2M, at) != PageType.NDA) {
        return false;
      }
      if (used(at) > 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Divides a page of 2M or 1G. The caller holds its lock exclusively: nobody else looks at the
   * parts before the entry that names them is written, or that lock is free again.
   */
  void split(int level, long pfn) {
    Descriptors parts = at(level - 1, pfn);
    int first = index(level - 1, pfn);
    int end = first + (1 << bits);
    Arrays.fill(parts.bepochs, first, end, 0);
    Arrays.fill(parts.words, first, end, wordOf(PageType.REG, ownerAcquire(level, pfn)));
    countParts(level, pfn, 1 << bits);
    setTypeRelease(level, pfn, dynamic && level == PG_2M ? PageType.PAMT : PageType.NDA);
  }

  /**
   * Makes one page of the parts of a 2M or 1G page. The caller holds its lock exclusively, and no
   * entry that can be reached names a part.
   */
  void merge(int level, long pfn) {
    Descriptors parts = at(level - 1, pfn);
    int first = index(level - 1, pfn);
    int end = first + (1 << bits);
    long[] words = parts.words;
    long owner = ownerAcquire(level - 1, pfn);
    for (int at = first; at < end; at++) {
      words[at] = withType(words[at], PageType.NDA);
    }
    countParts(level, pfn, -(1 << bits));
    if (dynamic) {
      setBepochVolatile(level, pfn, 0);
    }
    assignRelease(level, pfn, PageType.REG, owner);
  }

  private void countParts(int level, long pfn, int count) {
    if (level == PG_2M) {
      countUsed(pfn, count);
    }
  }

  private void countUsed(long pfn, int count) {
    INTS.getAndAdd(used, (int) (pfn - firstPfn >>> bits), count);
  }

  /** How many 4K pages of a 2M block are in use. */
  int used(long pfn) {
    return (int) INTS.getVolatile(used, (int) (pfn - firstPfn >>> bits));
  }

  // Tables.

  /** What lies in a page as a table; made when it is first asked for, and kept. */
  long[] table(long pfn) {
    long[][] tables = block(pfn).tables;
    int at = index(PG_4K, pfn);
    long[] table = (long[]) TABLES.getAcquire(tables, at);
    if (table == null) {
      long[] made = new long[geometry.entries()];
      long[] witness = (long[]) TABLES.compareAndExchange(tables, at, null, made);
      table = witness == null ? made : witness;
    }
    return table;
  }

  // Dynamic PAMT.

  /** Whether 4K pages of a block can be used: their descriptors have a place. */
  boolean hasDescriptors(long pfn) {
    return !dynamic || typeAcquire(PG_2M, pfn) == PageType.PAMT;
  }

  boolean isDynamic() {
    return dynamic;
  }

  /** Gives a 2M block a page pair that is reserved. The caller holds the 2M lock exclusively. */
  void addPair(long pfn, long first, long second) {
    Block block = block(pfn);
    block.firstOfPair = first;
    block.secondOfPair = second;
    setTypeRelease(PG_2M, pfn, PageType.PAMT);
  }

  /** Takes it back; the type is NDA until it is set otherwise. Same lock. */
  void removePair(long pfn) {
    unreserve(firstOfPair(pfn));
    unreserve(secondOfPair(pfn));
    setTypeRelease(PG_2M, pfn, PageType.NDA);
  }

  long firstOfPair(long pfn) {
    return block(pfn).firstOfPair;
  }

  long secondOfPair(long pfn) {
    return block(pfn).secondOfPair;
  }

  /** Whether a page is free, wherever it lies: no TD's, no page pair's, in no larger page. */
  boolean isFree(long pfn) {
    return typeAcquire(PG_1G, pfn) != PageType.REG
        && typeAcquire(PG_2M, pfn) != PageType.REG
        && typeAcquire(PG_4K, pfn) == PageType.NDA;
  }

  /**
   * Makes a free page one of a page pair, wherever it lies. The caller holds the descriptor at
   * which a walk to the page ends, shared at least; of several who try, one succeeds.
   */
  boolean tryReserve(long pfn) {
    Block block = block(pfn);
    int index = index(PG_4K, pfn);
    long word = (long) LONGS.getAcquire(block.words, index);
    if ((word & TYPE_MASK) != PageType.NDA.number()
        || !LONGS.compareAndSet(block.words, index, word, (long) PageType.RSVD.number())) {
      return false;
    }
    countUsed(pfn, 1);
    return true;
  }

  /** Gives back a page of a page pair. */
  void unreserve(long pfn) {
    freeRelease(PG_4K, pfn);
  }
}
