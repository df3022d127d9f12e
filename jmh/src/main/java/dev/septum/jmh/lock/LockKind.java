package dev.septum.jmh.lock;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.StampedMmuLock;

/** The locks that can stand in the place of {@code kvm->mmu_lock}. */
public enum LockKind {
  /** The engine's own: who shares it writes a line of its own. */
  BIASED,
  /** A StampedLock. */
  STAMPED,
  /** A ReentrantReadWriteLock. */
  READ_WRITE,
  /** One holder, whatever the mode. */
  COARSE;

  /** One that nobody holds. */
  public MmuLock newLock() {
    return switch (this) {
      case BIASED -> new BiasedMmuLock();
      case STAMPED -> new StampedMmuLock();
      case READ_WRITE -> new ReadWriteMmuLock();
      case COARSE -> new CoarseMmuLock();
    };
  }
}
