package dev.septum;

import dev.septum.sync.SpinWait;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * Threads of a test: the failure of one is the failure of the test, and none is waited for in vain.
 */
public final class Crew {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** What a thread does. */
  @FunctionalInterface
  public interface Task {
    /** Does it. */
    void run() throws Exception;
  }

  /** Starts a thread. */
  public void start(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            },
            "crew-" + threads.size());
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /** Whether a thread has failed; for those who would go on. */
  public boolean hasFailed() {
    return failure.get() != null;
  }

  /** Waits for every thread, and fails as the first of them that failed. */
  public void join() {
    await("the end of all threads", () -> threads.stream().noneMatch(Thread::isAlive));
    failAsTheyDid();
  }

  /** The same for threads that take as long as they were told to. */
  public void joinHoweverLong() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
    failAsTheyDid();
  }

  private void failAsTheyDid() {
    Throwable cause = failure.get();
    if (cause != null) {
      throw new AssertionError("a thread failed: " + cause, cause);
    }
  }

  /** Spins until something holds. */
  public static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE;
    for (int tries = 0; !condition.getAsBoolean(); tries++) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain for " + what);
      }
      SpinWait.pause(tries);
    }
  }

  /** A condition that holds for some milliseconds. */
  public static BooleanSupplier forMillis(long millis) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    return () -> System.nanoTime() - deadline < 0;
  }
}
