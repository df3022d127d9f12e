package dev.septum.jmh.lock;

import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to take and leave each lock, in ns of one thread, with nothing done in between.
 *
 * <p>{@code -p sections=512}: so many threads more that use the MMU and are idle; who takes {@code
 * BIASED} alone looks at each of their sections. {@code -p holders=512}: so many that hold the lock
 * meanwhile; a StampedLock counts 126 of them in its word, and the rest beside it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class LockPaths {
  /** A lock. */
  @State(Scope.Benchmark)
  public static class Free {
    /** The lock. */
    @Param public LockKind lock;

    /** Sections of threads that are idle. */
    @Param("0")
    public int sections;

    private MmuLock mmuLock = LockKind.BIASED.newLock();

    /** Makes it. */
    @Setup
    public void create() {
      mmuLock = lock.newLock();
      for (int i = 0; i < sections; i++) {
        mmuLock.periods().register();
      }
    }
  }

  /** A lock that others share. */
  @State(Scope.Benchmark)
  public static class Held {
    /** The lock; a coarse one is not shared. */
    @Param({"BIASED", "STAMPED", "READ_WRITE"})
    public LockKind lock;

    /** How many hold it. */
    @Param("512")
    public int holders;

    private MmuLock mmuLock = LockKind.BIASED.newLock();
    private SharedHolders population;

    /** Makes it, and has it held. */
    @Setup
    public void create() {
      mmuLock = lock.newLock();
      population = new SharedHolders(lock, mmuLock, holders);
      population.hold();
    }

    /** Frees it. */
    @TearDown
    public void close() {
      population.letGo();
      population.close();
    }
  }

  /** A thread that uses a free lock. */
  @State(Scope.Thread)
  public static class Reader {
    private ReadSection section;

    /** Registers. */
    @Setup
    public void register(Free free) {
      section = free.mmuLock.periods().register();
    }
  }

  /** A thread that uses a held lock. */
  @State(Scope.Thread)
  public static class ReaderMore {
    private ReadSection section;

    /** Registers. */
    @Setup
    public void register(Held held) {
      section = held.mmuLock.periods().register();
    }
  }

  private static void share(MmuLock lock, ReadSection section) {
    lock.unlockShared(section, lock.lockShared(section));
  }

  /** A shared hold, among others who do the same. */
  @Benchmark
  public void shared(Free free, Reader reader) {
    share(free.mmuLock, reader.section);
  }

  /** A shared hold, among others who do the same and many who hold it. */
  @Benchmark
  public void sharedAmongHolders(Held held, ReaderMore reader) {
    share(held.mmuLock, reader.section);
  }

  /** An exclusive hold; nobody shares the lock. */
  @Benchmark
  public void exclusive(Free free) {
    free.mmuLock.unlockExclusive(free.mmuLock.lockExclusive());
  }

  /** An exclusive hold, and a shared one after it, by the same thread. */
  @Benchmark
  public void exclusiveThenShared(Free free, Reader reader) {
    free.mmuLock.unlockExclusive(free.mmuLock.lockExclusive());
    share(free.mmuLock, reader.section);
  }

  /** A shared hold while another thread takes the lock alone all the time. */
  @Benchmark
  @Group("storm")
  public void sharedUnderExclusive(Free free, Reader reader) {
    share(free.mmuLock, reader.section);
  }

  /** An exclusive hold while another thread shares the lock all the time. */
  @Benchmark
  @Group("storm")
  public void exclusiveUnderShared(Free free) {
    free.mmuLock.unlockExclusive(free.mmuLock.lockExclusive());
  }
}
