package dev.septum.jcstress.alone;

import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A lock that is looked at: who is in is counted inside the holds of the one behind it. All holds
 * change one word, so of two that overlap the later one sees the earlier.
 */
final class WatchedLock extends ForwardingMmuLock {
  private static final int SHARED = 1;
  private static final int ALONE = 1 << 16;

  /** Of the operations that hold it. */
  final Meeting meeting;

  /**
   * Who is in: in the lower half those that share, in the upper half those that should be alone.
   */
  private final AtomicInteger holders = new AtomicInteger();

  private final AtomicInteger overlaps = new AtomicInteger();
  private final AtomicInteger shared = new AtomicInteger();
  private final AtomicInteger alone = new AtomicInteger();

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

  /** Exclusive holds that have begun. */
  int holdsAlone() {
    return alone.get();
  }

  /** Whether those who are in keep a hold out; 0 is none. */
  static boolean excludes(int in, int hold) {
    return hold == ALONE ? in != 0 : hold != 0 && in >= ALONE;
  }

  private void arrive(int hold) {
    meeting.want(hold, excludes(holders.get(), hold));
  }

  private void enter(int hold) {
    (hold == ALONE ? alone : shared).incrementAndGet();
    if (excludes(holders.getAndAdd(hold), hold)) {
      overlaps.incrementAndGet();
    }
    meeting.begin(hold);
  }

  private void leave(int hold) {
    holders.addAndGet(-hold);
  }

  @Override
  public long lockShared(ReadSection section) {
    arrive(SHARED);
    long stamp = super.lockShared(section);
    enter(SHARED);
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    leave(SHARED);
    super.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    arrive(ALONE);
    long stamp = super.lockExclusive();
    enter(ALONE);
    return stamp;
  }

  @Override
  public void unlockExclusive(long stamp) {
    leave(ALONE);
    super.unlockExclusive(stamp);
  }

  @Override
  public long yieldExclusive(long stamp) {
    leave(ALONE);
    long again = super.yieldExclusive(stamp);
    enter(ALONE);
    return again;
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    leave(SHARED);
    long again = super.yieldShared(section, stamp);
    enter(SHARED);
    return again;
  }
}
