package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Hold;
import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A lock that is looked at: who is in is counted inside the holds of the one behind it. All holds
 * change one word, so of two that overlap the later one sees the earlier.
 */
final class WatchedLock extends ForwardingMmuLock {
  private static final int ONE_SHARED = 1;
  private static final int ONE_EXCLUSIVE = 1 << 16;

  /** Of the operations that hold it. */
  final Meeting meeting;

  /** Who is in: those that share in the lower half, those that exclude in the upper. */
  private final AtomicInteger holders = new AtomicInteger();

  private final AtomicInteger overlaps = new AtomicInteger();
  private final AtomicInteger shared = new AtomicInteger();

  /**
   * A lock that nobody holds.
   *
   * @param stays whether the first hold of an operation waits for the other operation
   */
  WatchedLock(MmuLock behind, boolean stays) {
    super(behind);
    meeting = new Meeting(stays);
  }

  /** Holds that began while another was in that excludes them. */
  int overlaps() {
    return overlaps.get();
  }

  /** Shared holds that have begun. */
  int sharedHolds() {
    return shared.get();
  }

  private static int one(Hold hold) {
    return hold == Hold.SHARED ? ONE_SHARED : ONE_EXCLUSIVE;
  }

  /** Whether those who are in keep a hold out. */
  private static boolean excludes(int in, Hold hold) {
    return hold == Hold.SHARED ? in >= ONE_EXCLUSIVE : in != 0;
  }

  private void arrive(Hold hold) {
    meeting.want(hold, excludes(holders.get(), hold));
  }

  private void enter(Hold hold) {
    if (excludes(holders.getAndAdd(one(hold)), hold)) {
      overlaps.incrementAndGet();
    }
    if (hold == Hold.SHARED) {
      shared.incrementAndGet();
    }
    meeting.begin(hold);
  }

  private void leave(Hold hold) {
    holders.addAndGet(-one(hold));
  }

  @Override
  public long lockShared(ReadSection section) {
    arrive(Hold.SHARED);
    long stamp = super.lockShared(section);
    enter(Hold.SHARED);
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    leave(Hold.SHARED);
    super.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    arrive(Hold.EXCLUSIVE);
    long stamp = super.lockExclusive();
    enter(Hold.EXCLUSIVE);
    return stamp;
  }

  @Override
  public void unlockExclusive(long stamp) {
    leave(Hold.EXCLUSIVE);
    super.unlockExclusive(stamp);
  }

  @Override
  public long yieldExclusive(long stamp) {
    leave(Hold.EXCLUSIVE);
    long again = super.yieldExclusive(stamp);
    enter(Hold.EXCLUSIVE);
    return again;
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    leave(Hold.SHARED);
    long again = super.yieldShared(section, stamp);
    enter(Hold.SHARED);
    return again;
  }
}
