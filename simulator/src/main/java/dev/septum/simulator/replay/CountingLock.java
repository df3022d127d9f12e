package dev.septum.simulator.replay;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.atomic.LongAdder;

/** The engine's own lock, and how often it is shared and yielded. */
final class CountingLock extends ForwardingMmuLock {
  private final LongAdder shared = new LongAdder();
  private final LongAdder yields = new LongAdder();

  CountingLock() {
    super(new BiasedMmuLock());
  }

  /** Shared holds, those that a yield took again included; exact at rest. */
  long sharedHolds() {
    return shared.sum();
  }

  /** Yields in either mode; exact at rest. */
  long yields() {
    return yields.sum();
  }

  @Override
  public long lockShared(ReadSection section) {
    long stamp = super.lockShared(section);
    shared.increment();
    return stamp;
  }

  @Override
  public long yieldExclusive(long stamp) {
    yields.increment();
    return super.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    yields.increment();
    long again = super.yieldShared(section, stamp);
    shared.increment();
    return again;
  }
}
