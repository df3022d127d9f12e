package dev.septum.paging;

import dev.septum.paging.TableArena.TableState;
import dev.septum.sync.PaddedHead;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thread's own free tables, filled before it takes the lock, and the dead ones that it has not
 * handed to the pool yet. Used by its thread alone.
 */
public final class TableCache extends TableCacheWords implements AutoCloseable {
  private final TablePool pool;
  private final TableArena arena;

  @SuppressWarnings("unused") // padding
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

  TableCache(TablePool pool) {
    this.pool = pool;
    this.arena = pool.arena();
  }

  /**
   * Sees to it that at least {@code wanted} tables are here; if the pool has not that many, it
   * takes none. Blocking (a monitor) when it has to ask the pool; to be called before the lock is
   * taken.
   *
   * @return whether there are that many now
   */
  public boolean topUp(int wanted) {
    if (count < wanted) {
      if (free.length < wanted + TableBatch.CAPACITY) {
        free = Arrays.copyOf(free, wanted + TableBatch.CAPACITY);
      }
      count += pool.takeFree(free, count, wanted - count);
    }
    return count >= wanted;
  }

  /**
   * Sees to it that {@code wanted} tables are here. Blocking: waits a while for tables that other
   * threads hold for a moment, and for grace periods, so the caller must be in no read section and
   * hold no lock.
   *
   * @throws TableArenaFullException if there are not that many
   */
  public void require(int wanted) {
    if (wanted > arena.limit()) {
      throw pool.full();
    }
    for (int tries = 0; !topUp(wanted); tries++) {
      handOverDead();
      pool.awaitFree(wanted, tries);
    }
  }

  /**
   * Does what {@link #require} does, for a caller that looks again how many tables it wants before
   * it gives up: with those that another thread has taken it may have done what some were wanted
   * for. Used in a loop, until the caller looks and wants none. Blocking, in no read section and
   * with no lock held.
   *
   * @param wanted tables, as the caller has just counted them
   * @param refused what the last call has returned; at first {@link Integer#MAX_VALUE}
   * @return {@code wanted} if there are not that many, else {@link Integer#MAX_VALUE}
   * @throws TableArenaFullException if there are not that many, nor are fewer wanted than were
   *     refused
   */
  public int requireOrLookAgain(int wanted, int refused) {
    if (wanted >= refused) { // it has waited for as many
      if (!topUp(wanted)) {
        throw pool.full();
      }
      return Integer.MAX_VALUE;
    }
    try {
      require(wanted);
      return Integer.MAX_VALUE;
    } catch (TableArenaFullException full) {
      return wanted;
    }
  }

  /** Whether so many tables wait that this operation should let grace periods end first. */
  public boolean isBacklogFull() {
    return pool.isBacklogFull();
  }

  /** Hands dead tables over and waits as {@link TablePool#drainBacklog} does. */
  public void drainBacklog() {
    handOverDead();
    pool.drainBacklog();
  }

  /** Free tables here. */
  public int available() {
    return count;
  }

  /**
   * Takes a table and describes it as live. Its content means nothing yet: the caller fills it,
   * then links it and calls {@link #linked}, or else {@link #putBack}.
   *
   * @throws TableArenaFullException if none is here
   */
  public int take(int level, long gfn) {
    if (count == 0) {
      throw pool.full();
    }
    int table = free[--count];
    arena.describe(table, level, gfn, TableState.LIVE);
    return table;
  }

  /** The table taken last is linked; it counts from now on. */
  public void linked() {
    pool.countLinked();
  }

  /** The table was never linked: it is free again at once. */
  public void putBack(int table) {
    arena.setState(table, TableState.FREE);
    free[count++] = table;
  }

  /**
   * The table has been unlinked by this thread, which keeps what it still does with it inside the
   * read section in which it unlinked it.
   */
  public void unlinked(int table) {
    arena.setState(table, TableState.DEAD);
    pool.countUnlinked();
    hasUnlinked = true;
    TableBatch batch = dead == null ? pool.takeEmptied() : dead;
    dead = batch;
    batch.add(table);
    if (batch.isFull()) {
      handOverDead();
    }
  }

  /**
   * Ends an operation: hands tables to the pool, the dead and the free ones, if there are more than
   * the cache's share of each. Blocking if the backlog is full and the operation has added to it:
   * the caller is in no read section and holds no lock.
   *
   * <p>Dead tables are kept because handing them over writes lines that all threads write: it is
   * done for a batch, not for each merge.
   */
  public void endOperation() {
    if (hasUnlinked) {
      hasUnlinked = false;
      if (dead() > pool.mostKept()) {
        handOverDead();
      }
      pool.drainBacklog();
    }
    if (count > 0) {
      int most = pool.mostKept();
      if (count > most) {
        giveBack(most);
      }
    }
  }

  /** Dead tables here; for the owner, or when nothing runs. */
  int dead() {
    TableBatch batch = dead;
    return batch == null ? 0 : batch.count;
  }

  /** Hands over the dead tables that it keeps. */
  public void handOverDead() {
    if (dead != null) {
      pool.retire(dead);
      dead = null;
    }
  }

  /** Gives every table back to the pool; the cache is of no use any more. */
  @Override
  public void close() {
    handOverDead();
    giveBack(0);
    pool.forget(this);
  }

  private void giveBack(int keep) {
    pool.giveFree(free, keep, count - keep);
    count = keep;
  }

  void addFreeTo(List<Integer> tables) {
    for (int i = 0; i < count; i++) {
      tables.add(free[i]);
    }
  }
}

/** A cache's tables, on cache lines of its thread's own. */
abstract class TableCacheWords extends PaddedHead {
  int[] free = new int[2 * TableBatch.CAPACITY];
  int count;
  @Nullable TableBatch dead;

  /** Whether the operation under way has unlinked a table. */
  boolean hasUnlinked;
}
