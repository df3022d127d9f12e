package dev.septum.sync;

/** The locks that keep what {@link MmuLock} promises. */
enum LockKind {
  STAMPED(true),
  BIASED(false);

  /** Whether a writer that waits for a reader is parked; else it spins. */
  final boolean writerParks;

  LockKind(boolean writerParks) {
    this.writerParks = writerParks;
  }

  MmuLock newLock() {
    return this == STAMPED ? new StampedMmuLock() : new BiasedMmuLock();
  }

  int waiters(MmuLock lock) {
    return lock instanceof StampedMmuLock stamped
        ? stamped.waiters()
        : ((BiasedMmuLock) lock).waiters();
  }
}
