package dev.septum.td;

import dev.septum.mmu.ChangeBatch;
import dev.septum.mmu.ExternalPageTable;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.HostPages;
import dev.septum.tdx.Lifecycle;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TrustDomain;

/*
 * WHAT A CHANGE OF A MIRROR ENTRY IS MADE OF
 *
 *   old     now     in the build              while the TD runs                     after the key is freed
 *   empty   table   SEPT.ADD                  SEPT.ADD                              -
 *   empty   leaf    PAGE.ADD, 4K, of content  PAGE.AUG                              -
 *   leaf    empty   REMOVE, release           BLOCK, TRACK, kick, REMOVE, release   RECLAIM
 *   leaf    table   DEMOTE                    BLOCK, TRACK, kick, DEMOTE; or DEMOTE -
 *   table   leaf    PROMOTE, if allowed       BLOCK, TRACK, kick, PROMOTE           -
 *
 * What is done follows from the two entries, the TD's life, and the module's features: never from how
 * the caller holds its lock. DEMOTE alone is enough with non-blocking resize. Release is PHYMEM.PAGE.WBINVD
 * and zeroing, for each 4K: only then is the page the host's again.
 *
 * Several removals or merges of one hold are made together (setAll): BLOCK each, one TRACK and one kick for
 * all, then REMOVE or PROMOTE each. One TRACK serves any number of blocks before it, and what is out of the
 * guest's reach meanwhile is what the caller keeps faults out of. KVM tracks each on its own: an option.
 *
 * BLOCK keeps new translations from being made, TRACK begins an epoch, and the kick ends the last vCPU
 * that entered before it: then nobody holds what was blocked (tdx's TdEpochs). TRACK fails while a vCPU of
 * the epoch before is inside: it is kicked, and TRACK called again.
 *
 * BUSY gives the change back to the caller, in front of the leaf function that was busy. BLOCK may have
 * been done by then. The caller asks again, BLOCK says that it is ALREADY_BLOCKED, and the change goes on
 * where it stopped (a batch notes how far it is): so under the exclusive lock a change is one attempt, and
 * one with the vCPUs out. Who splits under the shared lock without non-blocking resize leaves, after BUSY,
 * a blocked page behind until he asks again; to undo it takes an UNBLOCK that may be BUSY itself.
 *
 * An entry that a call has lost to a guest's ACCEPT the module keeps from every guest until a call of the
 * host's has won it. Under the exclusive lock the second attempt does. But under the shared lock it is a fault
 * that wanted the change, and it is over if the page is not private any more, or its slot gone, or no table
 * left. So it gives the change up (giveUp): it looks at the entry, once the ACCEPT has ended; else the next
 * guest to ACCEPT there might be refused for ever.
 *
 * Behind REMOVE and PROMOTE nothing may fail any more, since the change is made. WBINVD can be busy with
 * another thread's call alone (no vCPU knows a free page), and is called until it is not.
 *
 * PROMOTE may find that the children are no single page: not all accepted, or not all pending. Then UNBLOCK
 * (it is tracked already) and REFUSED: the table is as it was.
 */

/**
 * The mirror's entries to the Secure EPT: what a trust domain's host does in the place of writing
 * an entry. See the table at the top of the file.
 *
 * <p>Any number of threads; no state but the module's, and each thread's own registers. Nothing is
 * allocated once a thread has made its first change. Wait-free below the module's, but for kicks,
 * interrupted resizes, which have no bound in life either, WBINVD, and a guest's ACCEPT that is at
 * an entry.
 */
public final class MirrorDriver implements ExternalPageTable {
  private static final long NO_SOURCE = -1;
  private static final int STATE_SHIFT = 8;
  private static final int STATE_MASK = 0xff;

  /** What a thread works with. */
  private static final class Caller {
    final SeamcallRegisters call = new SeamcallRegisters();

    /** The host frame with the content of the page that {@link TdBuild} is adding. */
    long source = NO_SOURCE;
  }

  private final Seamcalls calls;
  private final SeamcallCounts counts;
  private final TrustDomain td;
  private final SeptPages pages;
  private final VcpuKicker kicker;
  private final HostPages hostPages;
  private final Geometry geometry;
  private final boolean nonBlockingResize;
  private final boolean mergesInBuild;
  private final boolean tracksEach;

  private final ThreadLocal<Caller> callers = ThreadLocal.withInitial(Caller::new);

  /**
   * A driver.
   *
   * @param life the TD's
   * @param hostPages whose pages are zeroed when the TD gives them back
   * @param mergesInBuild whether a table is merged before the TD runs, which the module allows;
   *     else that is refused, as KVM has it
   * @param tracksEach whether each change has a TRACK and a kick of its own, as KVM has it
   * @throws IllegalArgumentException if the module has dynamic PAMT, which wants page pairs
   */
  public MirrorDriver(
      TdLifecycle life,
      SeptPages pages,
      HostPages hostPages,
      boolean mergesInBuild,
      boolean tracksEach) {
    this.calls = life.calls();
    this.counts = calls.counts();
    this.td = calls.td();
    this.pages = pages;
    this.kicker = life.kicker();
    this.hostPages = hostPages;
    this.geometry = calls.module().config().geometry();
    this.nonBlockingResize = calls.module().config().nonBlockingResize();
    this.mergesInBuild = mergesInBuild;
    this.tracksEach = tracksEach;
    if (calls.module().config().dynamicPamt()) {
      throw new IllegalArgumentException("dynamic PAMT wants page pairs, which nobody gives yet");
    }
  }

  /** What was called, by this and by the TD's {@link TdLifecycle} and {@link TdBuild}. */
  public SeamcallCounts counts() {
    return counts;
  }

  /** From here on, what this thread maps in the build has the content of a host frame. */
  void giveSource(long pfn) {
    callers.get().source = pfn;
  }

  /** Ends {@link #giveSource}. */
  void takeSource() {
    callers.get().source = NO_SOURCE;
  }

  @Override
  public Outcome set(long gfn, int level, long old, long now) {
    Caller caller = callers.get();
    SeamcallRegisters call = caller.call;
    if (Spte.isTable(old, level)) {
      if (Spte.isLeaf(now, level)) {
        return promote(call, gfn, level, Spte.table(old));
      }
    } else if (Spte.isPresent(old)) {
      if (Spte.isTable(now, level)) {
        return demote(call, gfn, level, Spte.table(now));
      } else if (!Spte.isPresent(now)) {
        return remove(call, gfn, level, Spte.pfn(old));
      }
    } else if (Spte.isTable(now, level)) {
      long page = pages.address(Spte.table(now));
      return ask(call, TdxLeaf.MEM_SEPT_ADD, gfn, level, page);
    } else if (Spte.isPresent(now)) {
      return map(caller, gfn, level, Spte.pfn(now));
    }
    throw new IllegalStateException(
        String.format(
            "gfn 0x%x level %d: no change of an S-EPT makes '%s' of '%s'",
            gfn, level, Spte.describe(now, level), Spte.describe(old, level)));
  }

  @Override
  public Outcome setAll(ChangeBatch batch) {
    if (tracksEach || !td.opState().isTrackingRequired()) {
      return ExternalPageTable.super.setAll(batch);
    }
    SeamcallRegisters call = callers.get().call;
    Outcome outcome = blockAndTrackAll(call, batch);
    while (outcome == Outcome.DONE && batch.ended() < batch.size()) {
      outcome = changeTracked(call, batch, batch.ended());
    }
    return outcome;
  }

  private Outcome blockAndTrackAll(SeamcallRegisters call, ChangeBatch batch) {
    for (int next = batch.blocked(); next < batch.size(); next = batch.blocked()) {
      Outcome outcome = block(call, batch.gfn(next), batch.level(next));
      if (outcome != Outcome.DONE) {
        return outcome;
      }
      batch.noteBlocked();
    }
    Outcome outcome = Outcome.DONE;
    if (!batch.isTracked()) {
      outcome = track(call, batch.gfn(0), batch.level(0));
      if (outcome == Outcome.DONE) {
        batch.noteTracked();
      }
    }
    return outcome;
  }

  /** Makes a change of a batch of which all is blocked and tracked. BUSY: it has not ended. */
  private Outcome changeTracked(SeamcallRegisters call, ChangeBatch batch, int change) {
    long gfn = batch.gfn(change);
    int level = batch.level(change);
    long old = batch.old(change);
    Outcome outcome =
        Spte.isTable(old, level)
            ? promoteTracked(call, gfn, level, Spte.table(old))
            : removeTracked(call, gfn, level, Spte.pfn(old));
    if (outcome == Outcome.BUSY) {
      return outcome;
    }
    batch.noteEnded(outcome);
    return Outcome.DONE;
  }

  private Outcome map(Caller caller, long gfn, int level, long pfn) {
    long page = pfn << Geometry.PAGE_SHIFT;
    if (td.opState() != OpState.INITIALIZED) {
      return ask(caller.call, TdxLeaf.MEM_PAGE_AUG, gfn, level, page);
    }
    if (caller.source == NO_SOURCE || level != PageLevel.PG_4K) {
      throw new IllegalStateException(
          String.format(
              "gfn 0x%x level %d: in the build a page is added at 4K, and with its content",
              gfn, level));
    }
    caller.call.r9 = caller.source << Geometry.PAGE_SHIFT;
    return ask(caller.call, TdxLeaf.MEM_PAGE_ADD, gfn, level, page);
  }

  private Outcome remove(SeamcallRegisters call, long gfn, int level, long pfn) {
    if (td.lifecycle() == Lifecycle.TEARDOWN) {
      calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, pfn << Geometry.PAGE_SHIFT);
      if (call.r8 != level - 1) {
        throw calls.unforeseen(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, gfn, level);
      }
      hostPages.zero(pfn, geometry.pages(level));
      return Outcome.DONE;
    }
    Outcome outcome = blockAndTrack(call, gfn, level);
    return outcome == Outcome.DONE ? removeTracked(call, gfn, level, pfn) : outcome;
  }

  private Outcome removeTracked(SeamcallRegisters call, long gfn, int level, long pfn) {
    Outcome outcome = ask(call, TdxLeaf.MEM_PAGE_REMOVE, gfn, level, 0);
    if (outcome == Outcome.DONE) {
      checkReturned(call, TdxLeaf.MEM_PAGE_REMOVE, gfn, level, pfn);
      for (long page = pfn; page < pfn + geometry.pages(level); page++) {
        calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_WBINVD, page << Geometry.PAGE_SHIFT);
      }
      hostPages.zero(pfn, geometry.pages(level));
    }
    return outcome;
  }

  private Outcome demote(SeamcallRegisters call, long gfn, int level, int table) {
    Outcome outcome = nonBlockingResize ? Outcome.DONE : blockAndTrack(call, gfn, level);
    if (outcome != Outcome.DONE) {
      return outcome;
    }
    long status = resize(call, TdxLeaf.MEM_PAGE_DEMOTE, gfn, level, pages.address(table));
    return outcome(call, TdxLeaf.MEM_PAGE_DEMOTE, gfn, level, status);
  }

  private Outcome promote(SeamcallRegisters call, long gfn, int level, int table) {
    if (!mergesInBuild && td.opState() == OpState.INITIALIZED) {
      return Outcome.REFUSED;
    }
    Outcome outcome = blockAndTrack(call, gfn, level);
    return outcome == Outcome.DONE ? promoteTracked(call, gfn, level, table) : outcome;
  }

  private Outcome promoteTracked(SeamcallRegisters call, long gfn, int level, int table) {
    Outcome outcome;
    long status = resize(call, TdxLeaf.MEM_PAGE_PROMOTE, gfn, level, 0);
    if (SeamcallStatus.detail(status) == SeamcallStatus.EPT_INVALID_PROMOTE_CONDITIONS) {
      outcome =
          td.opState().isTrackingRequired()
              ? ask(call, TdxLeaf.MEM_RANGE_UNBLOCK, gfn, level, 0)
              : Outcome.DONE;
      if (outcome != Outcome.DONE) {
        return outcome;
      }
      counts.refusedPromotion();
      return Outcome.REFUSED;
    }
    outcome = outcome(call, TdxLeaf.MEM_PAGE_PROMOTE, gfn, level, status);
    if (outcome == Outcome.DONE) {
      checkReturned(call, TdxLeaf.MEM_PAGE_PROMOTE, gfn, level, pages.pfn(table));
      calls.untilDone(call, TdxLeaf.PHYMEM_PAGE_WBINVD, pages.address(table));
    }
    return outcome;
  }

  /** DEMOTE or PROMOTE; again if it was interrupted. Returns the status. */
  private long resize(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level, long page) {
    for (; ; ) {
      long status = calls.aboutEntry(call, leaf, gfn, level, page);
      if (SeamcallStatus.detail(status) != SeamcallStatus.INTERRUPTED_RESTARTABLE) {
        return status;
      }
      counts.wasInterrupted();
    }
  }

  /**
   * Sees to it that no vCPU holds a translation through an entry, and none makes one. While none
   * can be inside there is nothing to do.
   */
  private Outcome blockAndTrack(SeamcallRegisters call, long gfn, int level) {
    if (!td.opState().isTrackingRequired()) {
      return Outcome.DONE;
    }
    Outcome outcome = block(call, gfn, level);
    return outcome == Outcome.DONE ? track(call, gfn, level) : outcome;
  }

  /** Keeps new translations through an entry from being made; it may be blocked already. */
  private Outcome block(SeamcallRegisters call, long gfn, int level) {
    long status = calls.aboutEntry(call, TdxLeaf.MEM_RANGE_BLOCK, gfn, level, 0);
    return SeamcallStatus.detail(status) == SeamcallStatus.GPA_RANGE_ALREADY_BLOCKED
        ? Outcome.DONE
        : outcome(call, TdxLeaf.MEM_RANGE_BLOCK, gfn, level, status);
  }

  private Outcome track(SeamcallRegisters call, long gfn, int level) {
    for (; ; ) {
      long status = calls.aboutTd(call, TdxLeaf.MEM_TRACK);
      if (SeamcallStatus.detail(status) != SeamcallStatus.PREVIOUS_TLB_EPOCH_BUSY) {
        Outcome outcome = outcome(call, TdxLeaf.MEM_TRACK, gfn, level, status);
        if (outcome == Outcome.DONE) {
          kick();
        }
        return outcome;
      }
      kick();
    }
  }

  private void kick() {
    counts.kicked();
    kicker.kick();
  }

  /** A call about an entry that can end well or busy. */
  private Outcome ask(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level, long page) {
    return outcome(call, leaf, gfn, level, calls.aboutEntry(call, leaf, gfn, level, page));
  }

  private Outcome outcome(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level, long status) {
    if (status == SeamcallStatus.SUCCESS) {
      return Outcome.DONE;
    }
    if (Seamcalls.isBusy(status)) {
      return Outcome.BUSY;
    }
    throw calls.unforeseen(call, leaf, gfn, level);
  }

  /** The page that comes back must be the one that the mirror knows of. */
  private void checkReturned(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level, long pfn) {
    if (call.rcx != pfn << Geometry.PAGE_SHIFT) {
      throw new IllegalStateException(
          String.format(
              "%s; the mirror has the page 0x%x",
              calls.unforeseen(call, leaf, gfn, level).getMessage(), pfn << Geometry.PAGE_SHIFT));
    }
  }

  /**
   * Whether the guest has accepted a page. Under the exclusive MMU lock, when the answer can only
   * change from no to yes; where an ACCEPT is at it just now, asked again with the vCPUs out.
   *
   * @param level of the leaf that maps it
   * @throws IllegalStateException if it is busy then
   */
  boolean isAccepted(long gfn, int level) {
    SeamcallRegisters call = callers.get().call;
    long status = calls.read(call, gfn, level);
    if (Seamcalls.isBusy(status)) {
      excludeVcpus();
      try {
        status = calls.read(call, gfn, level);
      } finally {
        admitVcpus();
      }
      if (Seamcalls.isBusy(status)) {
        throw calls.unforeseen(call, TdxLeaf.MEM_SEPT_RD, gfn, level);
      }
    }
    return status == SeamcallStatus.SUCCESS
        && (call.rdx >>> STATE_SHIFT & STATE_MASK) == SeptState.MAPPED.publicCode();
  }

  @Override
  public void giveUp(long gfn, int level) {
    SeamcallRegisters call = callers.get().call;
    if (Seamcalls.isBusy(calls.readUntilFree(call, gfn, level))) {
      throw calls.unforeseen(call, TdxLeaf.MEM_SEPT_RD, gfn, level);
    }
  }

  @Override
  public void freeTable(long gfn, int level, int table) {
    calls.untilDone(callers.get().call, TdxLeaf.PHYMEM_PAGE_RECLAIM, pages.address(table));
  }

  @Override
  public void excludeVcpus() {
    counts.excluded();
    kicker.exclude();
  }

  @Override
  public void admitVcpus() {
    kicker.admit();
  }
}
