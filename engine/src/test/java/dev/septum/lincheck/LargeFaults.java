package dev.septum.lincheck;

import dev.septum.sync.BiasedMmuLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Read faults that may be mapped at 2M, with all else. */
public class LargeFaults extends TreeOperations {
  /** Under the lock that a machine has. */
  public LargeFaults() {
    super(new BiasedMmuLock());
  }

  @Operation
  @Override
  public boolean faultLarge(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return super.faultLarge(thread, gfn);
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
