package dev.septum.sync;

/**
 * The lock that stands in the place of {@code kvm->mmu_lock}: shared by faults, splits and merges,
 * exclusive for zaps.
 *
 * <p>Not reentrant in either mode. A stamp is good for one release, by the thread that took it.
 * Every operation that takes the lock is blocking; it is neither interruptible nor timed.
 */
public interface MmuLock {

  /** Whose read sections share this lock, and when what they have left may be used again. */
  GracePeriods periods();

  /**
   * Takes the lock with others who share it, and opens the thread's read section, in one step;
   * blocks while an exclusive holder is in.
   *
   * @param section of {@link #periods}, closed
   * @return the stamp for {@link #unlockShared}
   * @throws IllegalStateException if the section is open; then nothing is held
   */
  long lockShared(ReadSection section);

  /** Closes the section and gives back a shared hold. */
  void unlockShared(ReadSection section, long stamp);

  /** Takes the lock alone; blocks while anyone is in. */
  long lockExclusive();

  /** Gives back an exclusive hold. */
  void unlockExclusive(long stamp);

  /** Whether someone whom an exclusive holder keeps out is waiting now; wait-free, one load. */
  boolean isContended();

  /** Whether someone whom a shared holder keeps out is waiting now; wait-free, one load. */
  boolean isContendedByExclusive();

  /**
   * Lets others in and takes the lock again, alone.
   *
   * <p>If someone was waiting, one of those who were is let in before this call has the lock again.
   *
   * @param stamp the exclusive hold that is given up
   * @return the stamp of the new exclusive hold
   */
  long yieldExclusive(long stamp);

  /**
   * Closes the section, lets others in, and takes the lock again, shared, with the section open.
   * The same promise as {@link #yieldExclusive}.
   *
   * @param stamp the shared hold that is given up
   * @return the stamp of the new shared hold
   */
  long yieldShared(ReadSection section, long stamp);

  /** Whether some thread holds the lock alone; for assertions and audits. */
  boolean isHeldExclusive();

  /**
   * How often the lock has been taken alone, a yield that took it again included; wait-free. Exact
   * when nobody is about to take it.
   */
  long exclusiveHolds();
}
