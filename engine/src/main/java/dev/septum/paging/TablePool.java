package dev.septum.paging;

import dev.septum.paging.TableArena.TableState;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.SpinWait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Where tables come from and go back to: free ones, and dead ones that wait for a grace period.
 *
 * <p>A table goes round: carved or free in the pool, free in a {@link TableCache}, live in a tree,
 * dead in a cache's batch, waiting here, free here. Threads meet only in batches of up to {@value
 * TableBatch#CAPACITY}: those that free tables push to a queue of many producers; whoever needs a
 * batch drains it, under the pool's monitor, as far as grace periods have elapsed.
 *
 * <p>The counts are exact: a table is live from the moment its linking has succeeded until the
 * moment its unlinking has.
 */
public final class TablePool {
  /** Waiting tables at which operations make room before they unlink more. */
  public static final int BACKLOG_BOUND = 4096;

  private static final int QUEUE_CHUNK = 64;
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
  private final MpscUnboundedVarHandleArrayQueue<TableBatch> retired =
      new MpscUnboundedVarHandleArrayQueue<>(QUEUE_CHUNK);
  private final ArrayDeque<TableBatch> free = new ArrayDeque<>(); // guarded by this
  private final List<TableCache> caches = new ArrayList<>(); // guarded by this
  private volatile int live;
  private volatile int peak;
  private volatile int waiting;

  /** A pool over an arena; freed tables are used again when {@code periods} says so. */
  public TablePool(TableArena arena, GracePeriods periods) {
    this.arena = arena;
    this.periods = periods;
  }

  /** The arena whose tables these are. */
  public TableArena arena() {
    return arena;
  }

  /** A cache for one thread. */
  public synchronized TableCache newCache() {
    TableCache cache = new TableCache(this);
    caches.add(cache);
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

  /** Tables unlinked whose grace period has not been seen to end. */
  public int waiting() {
    return waiting;
  }

  /** Whether so many tables wait that an operation should let grace periods end first. */
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

  /** Frees every waiting table whose grace period has elapsed; blocking (a monitor). */
  public synchronized void reclaim() {
    TableBatch batch;
    while ((batch = retired.peek()) != null && periods.hasElapsed(batch.stamp)) {
      retired.poll();
      WAITING.getAndAdd(this, -batch.count);
      for (int i = 0; i < batch.count; i++) {
        arena.setState(batch.tables[i], TableState.FREE);
      }
      free.addLast(batch);
    }
  }

  /** A batch of one to {@value TableBatch#CAPACITY} free tables; null if there is none. */
  synchronized @Nullable TableBatch takeFree() {
    TableBatch batch = free.pollLast();
    if (batch == null) {
      reclaim();
      batch = free.pollLast();
    }
    if (batch != null) {
      return batch;
    }
    batch = new TableBatch();
    while (!batch.isFull()) {
      int table = arena.carve();
      if (table == TableArena.NO_TABLE) {
        break;
      }
      batch.add(table);
    }
    return batch.count == 0 ? null : batch;
  }

  /** Takes free tables back. */
  synchronized void giveFree(TableBatch batch) {
    free.addLast(batch);
  }

  /** Forgets a cache that its thread has emptied. */
  synchronized void forget(TableCache cache) {
    caches.remove(cache);
  }

  /** Begins a grace period for unlinked tables, which {@link #countUnlinked} counted already. */
  void retire(TableBatch batch) {
    batch.stamp = periods.retire();
    retired.offer(batch);
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
    WAITING.getAndAdd(this, 1);
    LIVE.getAndAdd(this, -1);
  }

  TableArenaFullException full() {
    return new TableArenaFullException(arena.limit(), live, waiting);
  }

  /** The numbers of all free tables, here and in caches. For audits, when nothing runs. */
  public synchronized List<Integer> freeTables() {
    List<Integer> tables = new ArrayList<>();
    for (TableBatch batch : free) {
      for (int i = 0; i < batch.count; i++) {
        tables.add(batch.tables[i]);
      }
    }
    for (TableCache cache : caches) {
      cache.addFreeTo(tables);
    }
    return tables;
  }
}
