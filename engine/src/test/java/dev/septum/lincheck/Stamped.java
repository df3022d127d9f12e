package dev.septum.lincheck;

import dev.septum.sync.StampedMmuLock;

/** {@link SmallFaults}, under the other lock. */
public final class Stamped extends SmallFaults {
  /** By reflection. */
  public Stamped() {
    super(new StampedMmuLock());
  }
}
