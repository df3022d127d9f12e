package dev.septum.lincheck;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Write faults at 4K, with all else. */
public class SmallFaults extends TreeOperations {
  /** Under the lock that a machine has. */
  public SmallFaults() {
    this(new BiasedMmuLock());
  }

  SmallFaults(MmuLock lock) {
    super(lock);
  }

  @Operation
  @Override
  public boolean fault(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return super.fault(thread, gfn);
  }

  @Operation
  @Override
  public int zap(@Param(name = "thread") int thread, @Param(name = "block") int from) {
    return super.zap(thread, from);
  }

  @Operation
  @Override
  public int trim(@Param(name = "thread") int thread) {
    return super.trim(thread);
  }
}
