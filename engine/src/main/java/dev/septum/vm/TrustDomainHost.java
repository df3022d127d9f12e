package dev.septum.vm;

import dev.septum.memory.FrameContent;
import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemoryAttributes;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.Conversion;
import dev.septum.td.MirrorDriver;
import dev.septum.td.Promotion;
import dev.septum.td.PromotionScanner;
import dev.septum.td.SeamcallCounts;
import dev.septum.td.TdBuild;
import dev.septum.td.TdLifecycle;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;
import dev.septum.trace.MmuCounter;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a trust domain has besides what every machine has: its build, conversions, holes, what its
 * guest does wrong, the TDX module and the host's content.
 *
 * <p>Ranges are of canonical gfns. Methods may be called by any thread at any time, and block where
 * the MMU's lock does; they throw as {@link VirtualMachine}'s do.
 */
public final class TrustDomainHost {
  private final VirtualMachine vm;
  private final TrustDomainParts parts;
  private final TdpMmu mmu;
  private final MemorySlots slots;
  private final Conversion conversion;
  private final Promotion promotion;
  private final TdBuild build;
  private final GuestAnomalies anomalies;
  private final TrustDomainExits exits;
  private final LongAdder acceptSplits = new LongAdder();
  private final LongAdder splitsExclusive = new LongAdder();
  private final LongAdder inhibits = new LongAdder();

  TrustDomainHost(VirtualMachine vm, TrustDomainParts parts, MemorySlots slots) {
    this.vm = vm;
    this.parts = parts;
    this.mmu = vm.mmu();
    this.slots = slots;
    this.conversion = new Conversion(mmu, slots, parts.attributes());
    this.promotion = new Promotion(mmu, slots, parts.driver());
    this.build = new TdBuild(mmu, parts.driver(), parts.life(), this::lookUp);
    this.anomalies = new GuestAnomalies(parts.options().listener());
    this.exits = new TrustDomainExits(this, mmu, slots);
  }

  // The build.

  /** A fault on a page of the build, as it stands. */
  private PageFault lookUp(long gfn) {
    long sequence = mmu.invalidationSequence();
    MemorySlot slot = slots.find(gfn);
    GuestMemfd memfd = slot == null ? null : slot.guestMemfd();
    if (slot == null || memfd == null || !parts.attributes().isPrivate(gfn)) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x is no private memory of a slot", gfn));
    }
    if (!memfd.allocate(gfn)) {
      throw new IllegalStateException(String.format("no host memory for gfn 0x%x", gfn));
    }
    return ExitHandler.begin(new PageFault(), gfn, Access.WRITE.bit(), sequence, slot);
  }

  /** Announces pages of the build: it is not finalized without them. */
  public void premap(GfnRange range) {
    slots.checkCovered(range);
    build.premap(range);
  }

  /** Pages announced, and not added yet. */
  public int missingPages() {
    return build.missing();
  }

  /**
   * Adds a page to the build, at 4K, accepted, with its content.
   *
   * @throws IllegalArgumentException if it is no private memory of a slot
   * @throws IllegalStateException if it is there already, or the build is over
   */
  public void addPage(long gfn, long content) {
    long source = parts.endPfn(); // a frame of the host's own, behind all that is given out
    synchronized (build) { // one source page at a time
      parts.content().writeRelease(source, content);
      long unused =
          vm.withWalker(
              walker -> {
                build.add(walker, gfn, source);
                return 0L;
              });
    }
  }

  /**
   * Ends the build: the guest can run.
   *
   * @throws IllegalStateException if announced pages are missing, there is no vCPU, or it is over
   */
  public void finalizeBuild() {
    mmu.checkUsable();
    build.finalizeBuild();
  }

  // Private and shared.

  /**
   * Whether a gfn is private memory.
   *
   * @throws IllegalArgumentException if the tree has no such gfn
   */
  public boolean isPrivate(long gfn) {
    return parts.attributes().isPrivate(mmu.geometry().checkGfn(gfn));
  }

  /**
   * Whether all of the block of a level around a gfn is private, or all of it is shared. To be
   * asked at rest.
   *
   * @param level 4K, 2M or 1G
   * @throws IllegalArgumentException if the tree has no such gfn, or no leaf that level
   */
  public boolean isUniform(long gfn, PageLevel level) {
    return parts.attributes().isUniform(mmu.geometry().checkGfn(gfn), level.number());
  }

  /**
   * Makes a range private; nothing of it is accepted.
   *
   * @return how many shared leaves were removed
   */
  public long convertToPrivate(GfnRange range) {
    return vm.withWalker(walker -> conversion.toPrivate(walker, range));
  }

  /**
   * Makes a range shared. What the guest had there is gone; what it has beside is untouched.
   *
   * @return how many private leaves were removed
   */
  public long convertToShared(GfnRange range) {
    return vm.withWalker(walker -> conversion.toShared(walker, range));
  }

  /**
   * Punches a hole in the guest_memfd behind a range.
   *
   * @return how many leaves were removed
   */
  public long punchHole(GfnRange range) {
    return vm.withWalker(walker -> conversion.punch(walker, range));
  }

  /**
   * Merges private mappings of a range: what is mapped in full, backed by one large page, and all
   * accepted; to 2M also what is all unaccepted. Before {@link #finalizeBuild} only if the options
   * say so.
   *
   * @param largest 2M or 1G
   * @return how many tables became a leaf
   */
  public long promote(GfnRange range, PageLevel largest) {
    slots.checkCovered(range);
    return vm.withWalker(walker -> promotion.promote(walker, range, largest.number()));
  }

  /** How many tables became a leaf, by request or by a scanner; exact at rest. */
  public long promotions() {
    return seamcalls().successes(TdxLeaf.MEM_PAGE_PROMOTE);
  }

  /** How many tables the module would not promote, because their pages are not alike. */
  public long refusedPromotions() {
    return seamcalls().refusedPromotions();
  }

  /**
   * What promotes accepted memory by and by. Starts when it is told to; close it before the
   * machine.
   *
   * @param blocksPerSecond how many blocks of 2M it looks at in a second, at most
   * @param passes in how many passes in a row it must find a block full before it promotes it
   * @throws IllegalArgumentException if one is less than 1
   */
  public PromotionScanner newPromotionScanner(int blocksPerSecond, int passes) {
    mmu.checkUsable();
    return new PromotionScanner(mmu, slots, promotion, blocksPerSecond, passes);
  }

  long zap(GfnRange range) {
    return vm.withWalker(walker -> conversion.zap(walker, range));
  }

  /** A slot has gone: whatever comes in its place is shared at first. */
  void forgetAttributes(GfnRange range) {
    conversion.setPrivate(range, false);
  }

  MemorySlot newSlot(GfnRange range, long pfn, PageLevel backing) {
    return MemorySlot.ofGuestMemfd(
        new GuestMemfd(
            mmu.geometry(),
            range,
            pfn,
            backing,
            parts.attributes(),
            parts.content(),
            parts.options().allocationFaults()));
  }

  // Looking.

  /** How it was made. */
  public TrustDomainOptions options() {
    return parts.options();
  }

  /** The module that keeps the Secure EPT. */
  public TdxModule module() {
    return parts.life().module();
  }

  /** The TD as the module has it. */
  public TrustDomain td() {
    return parts.life().td();
  }

  /** What is in the host's frames. */
  public FrameContent content() {
    return parts.content();
  }

  /** What the guest has done wrong. */
  public GuestAnomalies anomalies() {
    return anomalies;
  }

  /** How often the module was called, and what came in the way. */
  public SeamcallCounts seamcalls() {
    return driver().counts();
  }

  /** How often an ACCEPT made the host take the exclusive lock, to split and to inhibit. */
  public long acceptSplits() {
    return acceptSplits.sum();
  }

  /** Mappings that were split for an ACCEPT under the exclusive lock. */
  public long splitsExclusive() {
    return splitsExclusive.sum();
  }

  /** Mappings that were split for an ACCEPT under the shared lock. */
  public long splitsShared() {
    return mmu.counters().sum(MmuCounter.SPLITS_MIRROR_SHARED);
  }

  /** Inhibits of larger mappings that were set for an ACCEPT, one for each level of a block. */
  public long inhibits() {
    return inhibits.sum();
  }

  /**
   * Whether every vCPU is kept out of the guest just now, so that a call of the module is not busy:
   * who injects contention injects none then.
   */
  public boolean excludesVcpus() {
    return gate().isClosed();
  }

  /** The address bit of shared memory, in place. */
  public long sharedBit() {
    return 1L << parts.sharedBit();
  }

  MirrorDriver driver() {
    return parts.driver();
  }

  TdLifecycle life() {
    return parts.life();
  }

  VcpuGate gate() {
    return parts.gate();
  }

  MemoryAttributes attributes() {
    return parts.attributes();
  }

  TrustDomainExits exits() {
    return exits;
  }

  void countExclusive() {
    acceptSplits.increment();
  }

  void countSplits(long split) {
    splitsExclusive.add(split);
  }

  void countInhibit() {
    inhibits.increment();
  }

  /**
   * Refuses to run a guest that is not built.
   *
   * @throws IllegalStateException if the build is not final
   */
  void checkRunnable() {
    if (td().opState() != OpState.RUNNABLE) {
      mmu.checkUsable();
      throw new IllegalStateException("the TD's build is not final: " + td().opState());
    }
  }

  /** Takes BUSY for an answer, and nothing else: the machine is bugged. */
  void checkBusy(long status, String what, SeamcallRegisters call) {
    long detail = SeamcallStatus.detail(status);
    if (detail != SeamcallStatus.OPERAND_BUSY) {
      mmu.health()
          .bug(
              String.format(
                  "%s: %s, RCX 0x%x, RDX 0x%x",
                  what, SeamcallStatus.describe(status), call.rcx, call.rdx));
      mmu.checkUsable();
    }
  }
}
