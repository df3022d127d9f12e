package dev.septum.td;

import dev.septum.paging.Geometry;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TdxModule.TdParams;
import dev.septum.tdx.TrustDomain;
import java.util.ArrayList;
import java.util.List;

/**
 * A TD from its making to its end, as its host keeps it: the TD's root page and control pages, from
 * a region of host frames of its own, and those of its vCPUs.
 *
 * <p>The end has an order: {@link #freeKey}; then the mirror is emptied ({@code TdpMmu.close}), and
 * each page and table in it reclaimed; then {@link #reclaim}. Methods are for one thread at a time.
 */
public final class TdLifecycle {
  private static final int CONTROL_PAGES = 4;
  private static final int VCPU_CONTROL_PAGES = 5;

  private final TdxModule module;
  private final VcpuKicker kicker;
  private final Seamcalls calls;
  private final long endPfn;
  private long nextPfn;

  /** Addresses of what the TD was given, its root page not among them; the last one given last. */
  private final List<Long> given = new ArrayList<>();

  private final SeamcallRegisters call = new SeamcallRegisters();

  /**
   * Makes a TD.
   *
   * @param firstPfn the first host frame of the region, in a TDMR; {@link #pagesFor} frames of it
   *     belong to the TD
   * @param mostVcpus how many vCPUs it can have
   * @param kicker keeps vCPUs out while they are flushed; the driver's too
   * @throws IllegalArgumentException if a frame of the region is in use, or in no TDMR
   */
  public TdLifecycle(
      TdxModule module, TdParams params, long firstPfn, int mostVcpus, VcpuKicker kicker) {
    this.module = module;
    this.kicker = kicker;
    this.nextPfn = firstPfn;
    this.endPfn = firstPfn + pagesFor(mostVcpus);
    long tdr = nextPfn++ << Geometry.PAGE_SHIFT;
    this.calls = new Seamcalls(module, module.createTd(tdr, take(CONTROL_PAGES), params));
  }

  /** How many host frames a TD's region has. */
  public static int pagesFor(int mostVcpus) {
    return 1 + CONTROL_PAGES + mostVcpus * (1 + VCPU_CONTROL_PAGES);
  }

  private List<Long> take(int pages) {
    if (nextPfn + pages > endPfn) {
      throw new IllegalStateException("the TD's region has no frames left for another vCPU");
    }
    List<Long> taken = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      taken.add(nextPfn++ << Geometry.PAGE_SHIFT);
    }
    given.addAll(taken);
    return taken;
  }

  Seamcalls calls() {
    return calls;
  }

  VcpuKicker kicker() {
    return kicker;
  }

  /** The TD. */
  public TrustDomain td() {
    return calls.td();
  }

  /** The module that keeps it. */
  public TdxModule module() {
    return module;
  }

  /** What was called for the TD. */
  public SeamcallCounts counts() {
    return calls.counts();
  }

  /**
   * Makes a vCPU.
   *
   * @throws IllegalStateException if the region has no frames for it
   */
  public synchronized TdVcpu createVcpu() {
    List<Long> taken = take(1 + VCPU_CONTROL_PAGES);
    return module.createVcpu(td(), taken.get(0), taken.subList(1, taken.size()));
  }

  /**
   * Ends the use of the TD's key: VP.FLUSH of each vCPU, VPFLUSHDONE, PHYMEM.CACHE.WB,
   * MNG.KEY.FREEID. Afterwards no vCPU can enter, and pages can be reclaimed. No operation on the
   * mirror may be under way. Brings the vCPUs out of the guest.
   *
   * @throws IllegalStateException if the module refuses
   */
  public void freeKey() {
    calls.counts().excluded();
    kicker.exclude();
    try {
      for (TdVcpu vcpu : td().vcpus()) {
        flush(vcpu);
      }
      calls.untilDone(call, TdxLeaf.MNG_VPFLUSHDONE, td().tdr());
    } finally {
      kicker.admit();
    }
    calls.untilDone(call, TdxLeaf.PHYMEM_CACHE_WB, 0);
    calls.untilDone(call, TdxLeaf.MNG_KEY_FREEID, td().tdr());
  }

  private void flush(TdVcpu vcpu) {
    long status = calls.untilFree(call, TdxLeaf.VP_FLUSH, vcpu.tdvpr());
    boolean hasNeverEntered = SeamcallStatus.detail(status) == SeamcallStatus.VCPU_STATE_INCORRECT;
    if (status != SeamcallStatus.SUCCESS && !hasNeverEntered) {
      throw calls.unforeseenOfPage(call, TdxLeaf.VP_FLUSH, vcpu.tdvpr());
    }
  }

  /**
   * Takes the last pages back: every control page, and last the TD's root page, which is written
   * back. Then there is no TD any more.
   *
   * @throws IllegalStateException if the TD still has other pages, or its key
   */
  public void reclaim() {
    for (int i = given.size() - 1; i >= 0; i--) {
      calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, given.get(i));
      given.remove(i);
    }
    calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, td().tdr());
    calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_WBINVD, td().tdr());
  }
}
