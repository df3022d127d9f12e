package dev.septum.lincheck;

import dev.septum.mmu.FaultResult;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.sync.MmuLock;
import dev.septum.sync.NoLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/**
 * What is lock-free below the lock, with a lock that does nothing in its place. Every thread has
 * tables of its own already, and a batch for the dead ones: to get them from the pool, or to hand
 * them over, takes its monitor. What they are told is not compared with an order; the audit is
 * made.
 */
public class WithoutLock extends TreeOperations {
  /** Under no lock. */
  public WithoutLock() {
    this(new NoLock());
  }

  /** With a lock that is said. */
  WithoutLock(MmuLock lock) {
    super(lock);
    tree.stock();
  }

  @Operation
  @Override
  public boolean fault(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return super.fault(thread, gfn);
  }

  /** A read fault at 4K, which splits what is larger. */
  @Operation
  public boolean faultSplitting(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return tree.fault(thread, gfn, Access.READ, PageLevel.PG_4K) == FaultResult.FIXED;
  }

  @Operation
  @Override
  public boolean faultLarge(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return super.faultLarge(thread, gfn);
  }
}
