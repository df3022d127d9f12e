package dev.septum.td;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import java.util.TreeSet;

/**
 * The build of a TD: the pages that it begins with, with their content, until it is finalized.
 *
 * <p>Pages are announced by {@link #premap} and added one by one by {@link #add}; as long as one
 * that was announced is missing (KVM's {@code nr_premapped}), the TD cannot be finalized. Adding is
 * a fault on the mirror whose leaf goes to the module as PAGE.ADD, at 4K; so between two additions
 * the mirror says what the Secure EPT says. Any number of threads may add.
 */
public final class TdBuild {
  /** Looks pages up, as for a fault of a guest. */
  @FunctionalInterface
  public interface PageLookup {
    /**
     * A fault on a gfn, begun now, and backed. It is the build that makes it private, and 4K.
     * Called again if it has to be looked up again; may return the same object.
     */
    PageFault lookUp(long gfn);
  }

  private final TdpMmu mmu;
  private final MirrorDriver driver;
  private final Seamcalls calls;
  private final PageLookup lookup;

  /** Gfns announced, and not added yet. */
  private final TreeSet<Long> missing = new TreeSet<>(); // guarded by this

  /** The build of a TD whose private memory the MMU's mirror is. */
  public TdBuild(TdpMmu mmu, MirrorDriver driver, TdLifecycle life, PageLookup lookup) {
    this.mmu = mmu;
    this.driver = driver;
    this.calls = life.calls();
    this.lookup = lookup;
  }

  /**
   * Announces pages: the TD is not finalized without them.
   *
   * @throws IllegalStateException if it is finalized already
   */
  public synchronized void premap(GfnRange range) {
    mmu.checkRange(range);
    if (calls.td().opState() != OpState.INITIALIZED) {
      throw new IllegalStateException("the TD is " + calls.td().opState() + ": its build is over");
    }
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      missing.add(gfn);
    }
  }

  /** Pages announced, and not added yet. */
  public synchronized int missing() {
    return missing.size();
  }

  /**
   * Adds a page with its content; announces it, if nobody has. Blocking as a fault is, and waits
   * for other calls about the TD, which PAGE.ADD wants for itself.
   *
   * @param sourcePfn the host frame with the content
   * @throws IllegalStateException if the page is there already, or the build is over
   * @throws dev.septum.paging.TableArenaFullException if a table is wanted and none is left; the
   *     page is still missing then
   */
  public void add(Walker walker, long gfn, long sourcePfn) {
    PageFault unused = lookup.lookUp(gfn); // what cannot be looked up is not announced either
    premap(GfnRange.ofPages(gfn, 1));
    driver.giveSource(sourcePfn);
    FaultResult result;
    try {
      result = fault(walker, gfn);
      for (int tries = 0; result == FaultResult.RETRY; tries++) {
        SpinWait.pause(tries);
        result = fault(walker, gfn);
      }
    } finally {
      driver.takeSource();
    }
    synchronized (this) {
      missing.remove(gfn);
    }
    if (result != FaultResult.FIXED) {
      throw new IllegalStateException(String.format("gfn 0x%x is in the TD already", gfn));
    }
  }

  private FaultResult fault(Walker walker, long gfn) {
    return mmu.fault(walker, lookup.lookUp(gfn).asPrivate(false).wanting(PageLevel.PG_4K));
  }

  /**
   * Ends the build: MR.FINALIZE, under the exclusive MMU lock. From now on vCPUs can enter.
   *
   * @throws IllegalStateException if pages are missing, or the module refuses: the TD has no vCPU,
   *     or is finalized already
   */
  public synchronized void finalizeBuild() {
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              "%d pages of the build are missing, the first at gfn 0x%x",
              missing.size(), missing.first()));
    }
    long stamp = mmu.lock().lockExclusive(); // no change of the mirror sees the build end
    try {
      SeamcallRegisters call = new SeamcallRegisters();
      long status = calls.aboutTd(call, TdxLeaf.MR_FINALIZE);
      if (Seamcalls.isBusy(status)) {
        driver.excludeVcpus();
        try {
          status = calls.untilFree(call, TdxLeaf.MR_FINALIZE, calls.td().tdr());
        } finally {
          driver.admitVcpus();
        }
      }
      if (status != SeamcallStatus.SUCCESS) {
        throw calls.unforeseenOfPage(call, TdxLeaf.MR_FINALIZE, calls.td().tdr());
      }
    } finally {
      mmu.lock().unlockExclusive(stamp);
    }
  }
}
