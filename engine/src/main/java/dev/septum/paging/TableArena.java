package dev.septum.paging;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Tables by frame number.
 *
 * <p>An entry names its child in the same 64 bits as everything else, so a table is a number, and
 * the arena turns it into an array and an offset: {@code number >>> 11} is the chunk, the low bits
 * are the place in it. Chunks hold 2,047 tables, not 2,048: with its header a rounder array would
 * spill into one more region of the collector. The first chunk is small, so that a small machine
 * is. Chunks are made on demand and never move, and a table's number is only learned from an entry
 * that was published after its chunk, so the directory is read plainly.
 *
 * <p>What is known of a table (level, first gfn, state) lies beside it, by the same number.
 *
 * <p>The accessors name their ordering; all are wait-free and allocate nothing. Indices are checked
 * by the array alone: they come from {@link Geometry#index}.
 */
public final class TableArena {
  /** The number that no table has. */
  public static final int NO_TABLE = 0;

  static final int CHUNK_SHIFT = 11;
  static final int CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
  private static final int CHUNK_TABLES = CHUNK_MASK;
  private static final int SMALL_CHUNK_TABLES = 63;

  static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  /** What a table is at present. */
  public enum TableState {
    /** In the pool or in a cache; its content means nothing. */
    FREE,
    /** Named by an entry of a tree, or about to be. */
    LIVE,
    /** Unlinked; used again after a grace period. */
    DEAD
  }

  private static final TableState[] STATES = TableState.values();
  private static final int LEVEL_SHIFT = 40;
  private static final int STATE_SHIFT = 44;
  private static final long GFN_MASK = (1L << LEVEL_SHIFT) - 1;
  private static final int LEVEL_MASK = 7;

  private final Geometry geometry;
  private final int bits;
  private final int limit;
  private final long[][] entries;
  private final long[][] descriptors;
  private final EntryRun run;

  private int carved;
  private int nextChunk;
  private int nextSlot = 1; // number 0 is NO_TABLE

  /**
   * An arena without tables.
   *
   * @param limit the most tables that it will ever hold, at least 1
   * @throws IllegalArgumentException if the limit is not positive or beyond 2^30
   */
  public TableArena(Geometry geometry, int limit) {
    if (limit < 1 || limit > 1 << 30) {
      throw new IllegalArgumentException("the limit of tables must be 1 to 2^30, not " + limit);
    }
    this.geometry = geometry;
    this.bits = geometry.bitsPerLevel();
    this.limit = limit;
    int chunks = 1;
    for (long room = chunkTables(0) - 1L; room < limit; room += chunkTables(chunks++)) {}
    this.entries = new long[chunks][];
    this.descriptors = new long[chunks][];
    this.run = new EntryRun(geometry.entries());
  }

  /**
   * One more than the largest number that a table can have. Numbers have gaps, and not every one
   * below is a table's.
   *
   * @param limit the limit of an arena
   */
  public static int numberLimit(int limit) {
    int behindFirst = limit - (SMALL_CHUNK_TABLES - 1);
    if (behindFirst <= 0) {
      return limit + 1;
    }
    int chunk = (behindFirst - 1) / CHUNK_TABLES + 1;
    return (chunk << CHUNK_SHIFT) + (behindFirst - 1) % CHUNK_TABLES + 1;
  }

  /** The shape of its tables. */
  public Geometry geometry() {
    return geometry;
  }

  /** The most tables that it will ever hold. */
  public int limit() {
    return limit;
  }

  /** Tables made so far, in whatever state. */
  public synchronized int carved() {
    return carved;
  }

  /** Makes a table; {@link #NO_TABLE} at the limit. Blocking (a monitor). */
  synchronized int carve() {
    if (carved == limit) {
      return NO_TABLE;
    }
    if (nextSlot == chunkTables(nextChunk)) {
      nextChunk++;
      nextSlot = 0;
    }
    if (entries[nextChunk] == null) {
      int tables = chunkTables(nextChunk);
      long[] chunk = new long[tables << bits];
      descriptors[nextChunk] = new long[tables];
      entries[nextChunk] = chunk;
    }
    carved++;
    return nextChunk << CHUNK_SHIFT | nextSlot++;
  }

  /** The numbers of all tables made so far. For audits. */
  public synchronized int[] carvedTables() {
    int[] tables = new int[carved];
    int at = 0;
    for (int chunk = 0; chunk <= nextChunk; chunk++) {
      int end = chunk == nextChunk ? nextSlot : chunkTables(chunk);
      for (int slot = chunk == 0 ? 1 : 0; slot < end; slot++) {
        tables[at++] = chunk << CHUNK_SHIFT | slot;
      }
    }
    return tables;
  }

  /** Whether this number was ever given to a table. For audits. */
  public synchronized boolean isCarved(int table) {
    int chunk = table >>> CHUNK_SHIFT;
    int slot = table & CHUNK_MASK;
    return table > NO_TABLE
        && (chunk < nextChunk ? slot < chunkTables(chunk) : chunk == nextChunk && slot < nextSlot);
  }

  private static int chunkTables(int chunk) {
    return chunk == 0 ? SMALL_CHUNK_TABLES : CHUNK_TABLES;
  }

  /** Where one thread's walks in these tables end. */
  public EntryPlace newPlace() {
    return new EntryPlace(geometry, entries);
  }

  // Entries.

  /** Reads an entry; what its writer published before is seen. */
  public long entryAcquire(int table, int index) {
    return (long) LONGS.getAcquire(entries[table >>> CHUNK_SHIFT], offset(table, index));
  }

  /**
   * Whether a part of a table above the last level has nothing but leaves; exact while no other
   * thread can install or remove anything.
   */
  public boolean isFullOfLeavesPlain(int table, int from, int to) {
    long[] chunk = entries[table >>> CHUNK_SHIFT];
    int end = offset(table, to);
    for (int at = offset(table, from); at < end; at++) {
      if (!Spte.isLeaf(chunk[at], PageLevel.PG_2M)) { // as at any level above the last
        return false;
      }
    }
    return true;
  }

  /**
   * Empties entries of a table without tables that no other thread installs in or removes from.
   * Others may set A and D in them at any time; what they set meanwhile is lost.
   *
   * <p>Plain accesses, so that they become a few wide ones; a 64-bit HotSpot does not tear a long.
   * The caller's release of its lock publishes them.
   *
   * @return how many leaves there were
   */
  public int clearLeavesPlain(int table, int from, int to) {
    long[] chunk = entries[table >>> CHUNK_SHIFT];
    int first = offset(table, from);
    int end = offset(table, to);
    long leaves = 0;
    for (int at = first; at < end; at++) {
      leaves += Spte.presence(chunk[at]);
    }
    if (leaves > 0) {
      Arrays.fill(chunk, first, end, Spte.EMPTY);
    }
    return (int) leaves;
  }

  /** Whether all entries of a table are empty; exact while no other thread can install in it. */
  public boolean isClearPlain(int table) {
    long[] chunk = entries[table >>> CHUNK_SHIFT];
    int end = offset(table, geometry.entries());
    for (int at = offset(table, 0); at < end; at++) {
      if (chunk[at] != Spte.EMPTY) {
        return false;
      }
    }
    return true;
  }

  /** Reads an entry of a table that no other thread can change. */
  public long entryPlain(int table, int index) {
    return entries[table >>> CHUNK_SHIFT][offset(table, index)];
  }

  /**
   * Replaces an entry if it is {@code expected}; a full volatile access.
   *
   * @return the witness: {@code expected} if it was replaced, else what stands there instead
   */
  public long casEntry(int table, int index, long expected, long value) {
    return (long)
        LONGS.compareAndExchange(
            entries[table >>> CHUNK_SHIFT], offset(table, index), expected, value);
  }

  /** Replaces an entry and returns what it was; a full volatile access. */
  public long exchangeEntry(int table, int index, long value) {
    return (long) LONGS.getAndSet(entries[table >>> CHUNK_SHIFT], offset(table, index), value);
  }

  /** Stores an entry; whoever acquires it sees what was written before. */
  public void storeEntryRelease(int table, int index, long value) {
    LONGS.setRelease(entries[table >>> CHUNK_SHIFT], offset(table, index), value);
  }

  /** Writes an entry of a table that nobody else can reach yet. */
  public void fillPlain(int table, int index, long value) {
    entries[table >>> CHUNK_SHIFT][offset(table, index)] = value;
  }

  /** As {@link EntryRun#fillPlain}, to a table that nobody can reach yet. */
  public void fillPlain(int table, long first, long step) {
    run.fillPlain(entries[table >>> CHUNK_SHIFT], offset(table, 0), first, step);
  }

  /** As {@link EntryRun#differencesPlain}: whether a table is one run, and where it is not. */
  public long differencesPlain(int table, long first, long step) {
    return run.differencesPlain(entries[table >>> CHUNK_SHIFT], offset(table, 0), first, step);
  }

  /**
   * Replaces all entries of a table, one after the other, each as {@link #exchangeEntry} does.
   *
   * @param old what they were
   */
  public void exchangeAll(int table, long value, long[] old) {
    long[] chunk = entries[table >>> CHUNK_SHIFT];
    int from = offset(table, 0);
    int count = geometry.entries();
    for (int index = 0; index < count; index++) {
      old[index] = (long) LONGS.getAndSet(chunk, from + index, value);
    }
  }

  /**
   * Makes all entries of a table FROZEN, and returns the bits that any of them had; reads as {@link
   * #differencesPlain} does, all before the first is overwritten. Others may change entries
   * meanwhile: what they write may be overwritten unseen, so they look for the mark afterwards
   * ({@link #isDeadVolatile}).
   */
  public long freezePlain(int table) {
    long[] chunk = entries[table >>> CHUNK_SHIFT];
    int quarter = geometry.entries() / 4;
    int from = offset(table, 0);
    int end = from + geometry.entries();
    long union = 0;
    for (int at = from; at < from + quarter; at++) {
      union |= chunk[at] | chunk[at + quarter] | chunk[at + 2 * quarter] | chunk[at + 3 * quarter];
    }
    for (int at = from + 4 * quarter; at < end; at++) { // a table of two
      union |= chunk[at];
    }
    Arrays.fill(chunk, from, end, Spte.FROZEN);
    return union;
  }

  /** Empties a table that nobody else can reach yet. */
  public void clearPlain(int table) {
    int from = offset(table, 0);
    Arrays.fill(entries[table >>> CHUNK_SHIFT], from, from + geometry.entries(), Spte.EMPTY);
  }

  private int offset(int table, int index) {
    return ((table & CHUNK_MASK) << bits) + index;
  }

  // Descriptors.

  /** Says what a table is; published with the entry that names it, or by its pool. */
  public void describe(int table, int level, long gfn, TableState state) {
    descriptors[table >>> CHUNK_SHIFT][table & CHUNK_MASK] = describing(level, gfn, state);
  }

  private static long describing(int level, long gfn, TableState state) {
    return gfn | (long) level << LEVEL_SHIFT | (long) state.ordinal() << STATE_SHIFT;
  }

  /** Changes only a table's state. The caller owns the table: it unlinked it or never linked it. */
  public void setState(int table, TableState state) {
    describe(table, level(table), gfn(table), state);
  }

  /**
   * Marks an unlinked table as dead, for those who still stand in it; for its owner. An opaque
   * store and a full fence: of a CAS in the table whose thread does not find the mark afterwards,
   * the caller's reads see the effect.
   */
  public void markDeadThenFence(int table) {
    LONGS.setOpaque(
        descriptors[table >>> CHUNK_SHIFT],
        table & CHUNK_MASK,
        describing(level(table), gfn(table), TableState.DEAD));
    VarHandle.fullFence();
  }

  /**
   * Whether a table is marked as dead; a volatile load, so that it comes behind the caller's CAS in
   * the table. For whoever reached the table in the read section that it is in.
   */
  public boolean isDeadVolatile(int table) {
    long now = (long) LONGS.getVolatile(descriptors[table >>> CHUNK_SHIFT], table & CHUNK_MASK);
    return now >>> STATE_SHIFT == TableState.DEAD.ordinal();
  }

  /** The level of a table's entries. */
  public int level(int table) {
    return (int) (descriptor(table) >>> LEVEL_SHIFT) & LEVEL_MASK;
  }

  /** The first gfn under a table. */
  public long gfn(int table) {
    return descriptor(table) & GFN_MASK;
  }

  /** A table's state. */
  public TableState state(int table) {
    return STATES[(int) (descriptor(table) >>> STATE_SHIFT)];
  }

  private long descriptor(int table) {
    return descriptors[table >>> CHUNK_SHIFT][table & CHUNK_MASK];
  }
}
