package dev.septum.paging;

import dev.septum.paging.TableArena.TableState;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.SpinWait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/**
 * Where tables come from and go back to: free ones, and dead ones that wait for a grace period.
 *
 * <p>A table goes round: carved or free in the pool, free in a {@link TableCache}, live in a tree,
 * dead in a cache's batch, waiting here, free here. Threads meet only in batches of up to {@value
 * TableBatch#CAPACITY}: those that free tables push to a queue of many producers; whoever needs
 * tables drains it, under the pool's monitor, as far as grace periods have elapsed.
 *
 * <p>The counts are exact: a table is live from the moment its linking has succeeded until the
 * moment its unlinking has.
 */
public final class TablePool {
  /** Waiting tables at which operations make room before they unlink more. */
  public static final int BACKLOG_BOUND = 4096;

  /**
   * Caches keep a sixteenth of the arena's tables free, and another dead, at the most. What another
   * thread's cache keeps cannot be had.
   */
  private static final int KEPT_PART = 16;

  /**
   * How often a thread that wants a table looks for the end of a grace period before it gives up.
   */
  private static final int MOST_TRIES = 20_000;

  /** Batches that the queue has room for; what comes on top is kept aside, and costs a monitor. */
  private static final int MOST_QUEUED = 2 * BACKLOG_BOUND;

  private static final VarHandle LIVE;
  private static final VarHandle PEAK;
  private static final VarHandle WAITING;

  static {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    try {
      LIVE = lookup.findVarHandle(TablePool.class, "live", int.class);
      PEAK = lookup.findVarHandle(TablePool.class, "peak", int.class);
      WAITING = lookup.findVarHandle(TablePool.class, "waiting", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final TableArena arena;
  private final GracePeriods periods;
  private final MpscVarHandleArrayQueue<TableBatch> retired;
  private final ArrayDeque<TableBatch> overflow = new ArrayDeque<>(); // guarded by this
  private int[] free = new int[TableBatch.CAPACITY]; // a stack; guarded by this
  private int freeCount; // guarded by this
  private final ArrayDeque<TableBatch> emptied = new ArrayDeque<>(); // guarded by this
  private final List<TableCache> caches = new ArrayList<>(); // guarded by this
  private volatile int live;
  private volatile int peak;

  /** Handed over by caches. */
  private volatile int waiting;

  private volatile int mostKept;

  /** A pool over an arena; freed tables are used again when {@code periods} says so. */
  public TablePool(TableArena arena, GracePeriods periods) {
    this.arena = arena;
    this.periods = periods;
    this.retired = new MpscVarHandleArrayQueue<>(Math.min(arena.limit() + 1, MOST_QUEUED));
  }

  /** The arena whose tables these are. */
  public TableArena arena() {
    return arena;
  }

  /** A cache for one thread. */
  public synchronized TableCache newCache() {
    TableCache cache = new TableCache(this);
    caches.add(cache);
    shareOut();
    return cache;
  }

  /** Tables linked into a tree. */
  public int live() {
    return live;
  }

  /** The most tables that were ever live at once. */
  public int peak() {
    return peak;
  }

  /** Tables unlinked whose grace period has not been seen to end; exact when nothing runs. */
  public synchronized int waiting() {
    return waiting + caches.stream().mapToInt(TableCache::dead).sum();
  }

  /** Whether so many tables wait here that an operation should let grace periods end first. */
  public boolean isBacklogFull() {
    return waiting >= BACKLOG_BOUND;
  }

  /**
   * Frees what may be freed, until the backlog is below its bound. Blocking: waits for other
   * threads to leave their read sections, so the caller must be in none and hold no lock.
   */
  public void drainBacklog() {
    for (int tries = 0; isBacklogFull(); tries++) {
      reclaim();
      SpinWait.pause(tries);
    }
  }

  /**
   * Waits a while for tables that others hold or that wait for a grace period.
   *
   * @param wanted how many the caller has to have
   * @param tries how often the caller has waited already
   * @throws TableArenaFullException if there are fewer that are not linked, or the wait has been
   *     long enough
   */
  void awaitFree(int wanted, int tries) {
    if (arena.limit() - live < wanted || tries >= MOST_TRIES) {
      throw full();
    }
    reclaim();
    SpinWait.pause(tries);
  }

  /** Frees every waiting table whose grace period has elapsed; blocking (a monitor). */
  public synchronized void reclaim() {
    TableBatch batch;
    while ((batch = retired.peek()) != null && periods.hasElapsed(batch.stamp)) {
      free(retired.poll());
    }
    while ((batch = overflow.peek()) != null && periods.hasElapsed(batch.stamp)) {
      free(overflow.poll());
    }
  }

  private void free(TableBatch batch) {
    WAITING.getAndAdd(this, -batch.count);
    for (int i = 0; i < batch.count; i++) {
      arena.setState(batch.tables[i], TableState.FREE);
    }
    pushFree(batch.tables, 0, batch.count);
    batch.count = 0;
    emptied.add(batch);
  }

  /**
   * How many free tables a cache may keep between operations, and how many dead ones: all caches
   * together no more than a small part of the arena, so that idle ones do not make it full.
   */
  int mostKept() {
    return mostKept;
  }

  /** Under the monitor, whenever a cache comes or goes. */
  private void shareOut() {
    mostKept =
        Math.min(TableBatch.CAPACITY, arena.limit() / (KEPT_PART * Math.max(1, caches.size())));
  }

  /**
   * Moves free tables to a cache, which has room for {@code wanted} and {@value
   * TableBatch#CAPACITY}. All or nothing.
   *
   * @return how many were moved: {@code wanted} or more, or none
   */
  synchronized int takeFree(int[] into, int at, int wanted) {
    if (freeCount < wanted) {
      reclaim();
    }
    if (freeCount + arena.limit() - arena.carved() < wanted) {
      return 0;
    }
    int most = Math.max(wanted, mostKept());
    while (freeCount < most) {
      reserve(1); // before the table is made, so that none is lost if memory runs out
      int table = arena.carve();
      if (table == TableArena.NO_TABLE) {
        break;
      }
      free[freeCount++] = table;
    }
    int taken = Math.min(freeCount, most);
    freeCount -= taken;
    System.arraycopy(free, freeCount, into, at, taken);
    return taken;
  }

  /** Takes free tables back. */
  synchronized void giveFree(int[] tables, int from, int count) {
    pushFree(tables, from, count);
  }

  private void pushFree(int[] tables, int from, int count) {
    reserve(count);
    System.arraycopy(tables, from, free, freeCount, count);
    freeCount += count;
  }

  private void reserve(int more) {
    if (freeCount + more > free.length) {
      free = Arrays.copyOf(free, freeCount + more + (freeCount >> 1));
    }
  }

  /** An empty batch. */
  synchronized TableBatch takeEmptied() {
    TableBatch batch = emptied.poll();
    return batch == null ? new TableBatch() : batch;
  }

  /** Forgets a cache that its thread has emptied. */
  synchronized void forget(TableCache cache) {
    caches.remove(cache);
    shareOut();
  }

  /**
   * Begins a grace period for unlinked tables: no longer live, and counted as waiting from now on.
   */
  void retire(TableBatch batch) {
    WAITING.getAndAdd(this, batch.count);
    batch.stamp = periods.retire();
    if (!retired.offer(batch)) {
      synchronized (this) {
        overflow.add(batch);
      }
    }
  }

  void countLinked() {
    int now = (int) LIVE.getAndAdd(this, 1) + 1;
    int seen = peak;
    while (now > seen) {
      int witness = (int) PEAK.compareAndExchange(this, seen, now);
      if (witness == seen) {
        return;
      }
      seen = witness;
    }
  }

  void countUnlinked() {
    LIVE.getAndAdd(this, -1);
  }

  TableArenaFullException full() {
    return new TableArenaFullException(arena.limit(), live, waiting());
  }

  /** The numbers of all free tables, here and in caches. For audits, when nothing runs. */
  public synchronized List<Integer> freeTables() {
    List<Integer> tables = new ArrayList<>();
    for (int i = 0; i < freeCount; i++) {
      tables.add(free[i]);
    }
    for (TableCache cache : caches) {
      cache.addFreeTo(tables);
    }
    return tables;
  }
}
