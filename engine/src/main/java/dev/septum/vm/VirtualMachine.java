package dev.septum.vm;

import dev.septum.memory.FrameTags;
import dev.septum.memory.MemoryAttributes;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.LeafVisitor;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.trace.MmuCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine: guest memory in slots, vCPUs that touch it, and the trees that map it. A
 * normal VM, or a trust domain, whose further operations {@link #trustDomain} has.
 *
 * <p>Every method may be called by any thread at any time, and blocks where the MMU's lock does.
 * They throw {@link IllegalArgumentException} for a range that no slot covers or a level that
 * cannot be, {@link IllegalStateException} once the machine is closed or bugged, and {@link
 * dev.septum.paging.TableArenaFullException} where a table is wanted and none is left.
 */
public final class VirtualMachine implements AutoCloseable {
  private static final int IDLE_WALKERS = 64;

  private final TdpMmu mmu;
  private final MemorySlots slots;
  private final FrameTags tags = new FrameTags();
  private final TlbShootdown shootdown = new TlbShootdown();
  private final ExitHandler exits;
  private final @Nullable TrustDomainHost td;
  private final boolean isTlbOn;
  private final List<Vcpu> vcpus = new ArrayList<>(); // guarded by itself
  private final MpmcVarHandleArrayQueue<Walker> walkers =
      new MpmcVarHandleArrayQueue<>(IDLE_WALKERS);

  private VirtualMachine(Builder builder) {
    TrustDomainOptions options = builder.trustDomain;
    this.isTlbOn = builder.isTlbOn;
    TrustDomainParts parts =
        options == null
            ? null
            : TrustDomainParts.make(builder.geometry, builder.maxTables, options, shootdown);
    this.slots =
        parts == null
            ? new MemorySlots(builder.geometry)
            : new MemorySlots(builder.geometry, parts.guestPfn(), parts.endPfn());
    TlbFlusher flusher =
        new MachineFlusher(
            builder.interceptor.apply(shootdown),
            slots,
            tags,
            parts == null ? null : parts.attributes());
    MmuLock lock = builder.lock == null ? new BiasedMmuLock() : builder.lock;
    this.mmu =
        new TdpMmu(
            builder.geometry,
            builder.maxTables,
            builder.options,
            lock,
            flusher,
            parts == null ? null : parts.mirroring());
    this.exits = new ExitHandler(slots, mmu, parts == null ? null : parts.attributes());
    this.td = parts == null ? null : new TrustDomainHost(this, parts, slots);
  }

  /** Begins to describe a machine. */
  public static Builder builder() {
    return new Builder();
  }

  /** The MMU, for those who look at it or drive it themselves. */
  public TdpMmu mmu() {
    return mmu;
  }

  /** The guest memory. */
  public MemorySlots slots() {
    return slots;
  }

  /** Whether this is a trust domain. */
  public boolean isTrustDomain() {
    return td != null;
  }

  /**
   * What a trust domain has besides.
   *
   * @throws IllegalStateException if this is a normal VM
   */
  public TrustDomainHost trustDomain() {
    if (td == null) {
      throw new IllegalStateException("this machine is a normal VM, not a trust domain");
    }
    return td;
  }

  // Memory.

  /** Adds writable guest memory that the host has in pages of one size. */
  public MemorySlot addSlot(GfnRange range, PageLevel backing) {
    return addSlot(range, backing, false);
  }

  /**
   * Adds guest memory. In a trust domain all of it is shared at first, and backed by a guest_memfd.
   *
   * @param backing the pages that the host's memory comes in, 4K, 2M or 1G: no mapping is larger
   * @param readOnly whether a write is an exit
   */
  public MemorySlot addSlot(GfnRange range, PageLevel backing, boolean readOnly) {
    mmu.checkUsable();
    if (td != null && readOnly) {
      throw new IllegalArgumentException("a trust domain's memory cannot be read-only");
    }
    mmu.checkRange(range);
    long pfn = slots.takeFrames(range);
    MemorySlot slot =
        td == null
            ? new MemorySlot(mmu.geometry(), range, pfn, backing, readOnly)
            : td.newSlot(range, pfn, backing);
    slots.add(slot);
    return slot;
  }

  /** Takes a slot away, and everything that is mapped of it. Its tables stay. */
  public void deleteSlot(MemorySlot slot) {
    replaceSlot(slot, null);
    GfnRange frames = slots.framesTakenFor(slot);
    tags.retire(frames.start(), frames.pages());
  }

  /**
   * Moves a slot: the same frames appear at other gfns. What was mapped is faulted in again, and
   * what was forbidden is not forbidden any more.
   *
   * @param start the new first gfn
   * @throws IllegalStateException if a guest_memfd is behind the slot: its pages belong to their
   *     gfns
   */
  public MemorySlot moveSlot(MemorySlot slot, long start) {
    if (slot.guestMemfd() != null) {
      throw new IllegalStateException(slot + " cannot be moved");
    }
    GfnRange range = GfnRange.ofPages(start, slot.range().pages());
    MemorySlot moved =
        new MemorySlot(mmu.geometry(), range, slot.pfn(), slot.backing(), slot.isReadOnly());
    replaceSlot(slot, moved);
    return moved;
  }

  private void replaceSlot(MemorySlot slot, @Nullable MemorySlot successor) {
    mmu.checkUsable();
    synchronized (slots) {
      slots.checkReplaceable(slot, successor);
      mmu.beginInvalidation(slot.range());
      try {
        withWalker(walker -> mmu.zap(walker, slot.range(), Roots.BOTH));
        if (td != null) {
          td.forgetAttributes(slot.range());
        }
        slots.replace(slot, successor);
      } finally {
        mmu.endInvalidation();
      }
    }
  }

  /**
   * Forbids mappings of a level, and larger ones, over a gfn; each call wants one {@link
   * #permitLargePage}. What is mapped stays.
   *
   * @param smallest 2M or 1G
   */
  public void forbidLargePage(long gfn, PageLevel smallest) {
    changeLimits(gfn, smallest, true);
  }

  /**
   * Takes back one {@link #forbidLargePage}.
   *
   * @throws IllegalStateException if there is none
   */
  public void permitLargePage(long gfn, PageLevel smallest) {
    changeLimits(gfn, smallest, false);
  }

  private void changeLimits(long gfn, PageLevel smallest, boolean forbid) {
    mmu.checkUsable();
    mmu.geometry().checkLeafLevel(smallest.number());
    if (smallest == PageLevel.LEVEL_4K) {
      throw new IllegalArgumentException("4K mappings are always allowed");
    }
    slots.checkCovered(GfnRange.ofPages(gfn, 1));
    synchronized (slots) {
      long stamp = mmu.lock().lockExclusive();
      try {
        for (int level = smallest.number(); level <= mmu.geometry().maxLeafLevel(); level++) {
          slots.changeLimit(gfn, level, forbid);
        }
      } finally {
        mmu.lock().unlockExclusive(stamp);
      }
    }
  }

  // vCPUs.

  /** A further vCPU; in a trust domain a {@link TrustDomainVcpu}. */
  public Vcpu newVcpu() {
    mmu.checkUsable();
    Vcpu vcpu =
        td == null
            ? new NormalVcpu(this, shootdown, exits, tags)
            : new TrustDomainVcpu(this, shootdown, exits, tags, td, td.life().createVcpu());
    synchronized (vcpus) {
      vcpus.add(vcpu);
    }
    return vcpu;
  }

  void forget(Vcpu vcpu) {
    synchronized (vcpus) {
      vcpus.remove(vcpu);
    }
  }

  // What a host does to mappings.

  /**
   * Maps a range before anyone touches it, in pages as large as may be; nothing is accessed or
   * dirty. What is private in a trust domain is added to it, and not accepted. Takes the shared
   * lock for each mapping; waits while host memory is to be had for none.
   *
   * @return how many pages of 4K are mapped, from the start of the range on; fewer than the range
   *     has if a slot was deleted meanwhile
   * @throws IllegalArgumentException if a page is in no slot
   * @throws IllegalStateException if it is a trust domain whose build is not final
   */
  public long prefault(GfnRange range) {
    slots.checkCovered(range);
    if (td != null) {
      td.checkRunnable();
    }
    return withWalker(
        walker -> {
          PageFault fault = new PageFault();
          long gfn = range.start();
          while (gfn < range.end()) {
            VcpuExit exit =
                td != null && td.attributes().isPrivate(gfn)
                    ? td.exits().prefault(walker, fault, gfn)
                    : exits.prefault(walker, fault, gfn);
            if (exit == VcpuExit.NONE) {
              int level = fault.mappedLevel();
              gfn = mmu.geometry().round(gfn, level) + mmu.geometry().pages(level);
            } else if (exit == VcpuExit.MMIO) {
              break; // its slot has gone
            } // else it was converted since its kind was asked for
          }
          return Math.min(gfn, range.end()) - range.start();
        });
  }

  /**
   * Splits every mapping of the range that is larger than a level; in a trust domain, of shared
   * memory. Faults go on meanwhile.
   *
   * @param target 4K or 2M
   * @return how many leaves were split
   */
  public long split(GfnRange range, PageLevel target) {
    slots.checkCovered(range);
    return withWalker(walker -> mmu.split(walker, range, target.number(), false));
  }

  /**
   * Merges what is mapped in full and alike into larger mappings, where slot and backing allow it;
   * in a trust domain, of shared memory (see {@link TrustDomainHost#promote}). Faults go on
   * meanwhile.
   *
   * @param largest 2M or 1G
   * @return how many tables became a leaf
   */
  public long merge(GfnRange range, PageLevel largest) {
    slots.checkCovered(range);
    return withWalker(walker -> mmu.merge(walker, range, largest.number(), slots));
  }

  /**
   * Unmaps a range; a larger mapping that overlaps it goes as a whole. What is touched again faults
   * in again. In a trust domain a private mapping is split first, so that exactly the range goes:
   * what was accepted there comes back unaccepted, and zero.
   *
   * @return how many leaves were removed
   */
  public long zap(GfnRange range) {
    if (td != null) {
      return td.zap(range);
    }
    slots.checkCovered(range);
    return withWalker(walker -> mmu.zap(walker, range));
  }

  /**
   * Gives back the tables of a range in which nothing is mapped. They are kept by {@link #zap}, as
   * KVM keeps them, because most ranges are faulted in again; call this for one that will not be,
   * or from time to time when the machine is idle. The range need not be covered by slots.
   *
   * @return how many tables were given back
   */
  public long trim(GfnRange range) {
    return withWalker(walker -> mmu.trim(walker, range));
  }

  // Looking.

  /** How many leaves of a level are mapped; exact when no operation is under way. */
  public long mapped(PageLevel level) {
    mmu.geometry().checkLeafLevel(level.number());
    return mmu.counters().sum(MmuCounter.mapped(level.number()));
  }

  /**
   * The entry that maps an address, in words; for people. In a trust domain, of the mirror if the
   * address has no shared bit.
   *
   * @param gpa a guest-physical address
   */
  public String describe(long gpa) {
    mmu.geometry().checkGfn(gpa >>> Geometry.PAGE_SHIFT);
    long shared = td == null ? 0 : td.sharedBit();
    boolean isPrivate = td != null && (gpa & shared) == 0;
    long gfn = (gpa & ~shared) >>> Geometry.PAGE_SHIFT;
    return withWalker(
        walker -> {
          walker.section().open();
          try {
            long entry = isPrivate ? mmu.walkMirror(walker, gfn) : mmu.walk(walker, gfn);
            return Spte.isPresent(entry) ? Spte.describe(entry, walker.level()) : "not mapped";
          } finally {
            walker.section().close();
          }
        });
  }

  /**
   * Shows every leaf of a range, in order; keeps faults out meanwhile. In a trust domain first
   * those of shared memory, then those of private memory.
   */
  public void forEachLeaf(GfnRange range, LeafVisitor visitor) {
    withWalker(
        walker -> {
          mmu.forEachLeaf(walker, range, Roots.BOTH, visitor);
          return 0;
        });
  }

  /** Everything that does not hold of this machine; empty if it is sound. To be asked at rest. */
  public List<Violation> audit() {
    return borrowWalker(walker -> MachineAudit.run(mmu, slots, td, walker));
  }

  /**
   * Ends the machine: its vCPUs, its mappings, its tables. Closing again does nothing.
   *
   * @throws IllegalStateException if a vCPU is running
   */
  @Override
  public void close() {
    List<Vcpu> open;
    synchronized (vcpus) {
      open = List.copyOf(vcpus);
    }
    open.forEach(Vcpu::close);
    if (td == null) {
      mmu.close();
    } else if (mmu.close(td.life()::freeKey)) {
      reclaim(td);
    }
    for (Walker idle = walkers.poll(); idle != null; idle = walkers.poll()) {
      idle.close();
    }
  }

  /** Takes the TD's own pages back; a bugged machine's may stay with the module. */
  private void reclaim(TrustDomainHost gone) {
    try {
      gone.life().reclaim();
    } catch (IllegalStateException refused) {
      if (mmu.health().evidence() == null) {
        throw refused;
      }
    }
  }

  SoftwareTlb newTlb() {
    return new SoftwareTlb(mmu.geometry(), isTlbOn);
  }

  <T> T withWalker(Function<Walker, T> operation) {
    mmu.checkUsable();
    return borrowWalker(operation);
  }

  private <T> T borrowWalker(Function<Walker, T> operation) {
    Walker idle = walkers.poll();
    Walker walker = idle == null ? mmu.newWalker() : idle;
    try {
      return operation.apply(walker);
    } finally {
      walker.handOverDead();
      if (mmu.isClosed() || !walkers.offer(walker)) {
        walker.close();
      }
    }
  }

  /** Flushes go to the vCPUs; what was zapped is tagged as taken away. */
  private record MachineFlusher(
      TlbFlusher vcpus, MemorySlots slots, FrameTags tags, @Nullable MemoryAttributes attributes)
      implements TlbFlusher {
    @Override
    public void flush(long start, long pages) {
      tags.advance();
      vcpus.flush(start, pages);
    }

    @Override
    public void flushAll() {
      tags.advance();
      vcpus.flushAll();
    }

    @Override
    public void released(long start, long pages) {
      if (attributes == null) {
        slots.forEachPart(GfnRange.ofPages(start, pages), tags::tag);
      } else {
        tagShared(attributes, start, start + pages);
      }
      vcpus.released(start, pages);
    }

    /** What lies between zapped pages may be private, and was not taken away. */
    private void tagShared(MemoryAttributes kinds, long start, long end) {
      for (long gfn = start; gfn < end; ) {
        long from = gfn;
        while (gfn < end && !kinds.isPrivate(gfn)) {
          gfn++;
        }
        if (gfn > from) {
          slots.forEachPart(new GfnRange(from, gfn), tags::tag);
        } else {
          gfn++;
        }
      }
    }

    @Override
    public void releasedPrivate(long start, long pages) {
      tags.advance();
      slots.forEachPart(GfnRange.ofPages(start, pages), tags::tag);
      vcpus.releasedPrivate(start, pages);
    }
  }

  /** A machine to be. */
  public static final class Builder {
    private static final int DEFAULT_MAX_TABLES = 1 << 22;

    private Geometry geometry = Geometry.FOUR_LEVEL;
    private int maxTables = DEFAULT_MAX_TABLES;
    private MmuOptions options = MmuOptions.SEPTUM;
    private @Nullable MmuLock lock;
    private @Nullable TrustDomainOptions trustDomain;
    private UnaryOperator<TlbFlusher> interceptor = UnaryOperator.identity();
    private boolean isTlbOn = true;

    private Builder() {}

    /** The shape of the tree; 4 levels of 9 bits if not said. */
    public Builder geometry(Geometry shape) {
      this.geometry = shape;
      return this;
    }

    /** The most tables that the tree may ever have; some 4 million (16 GiB of them) if not said. */
    public Builder maxTables(int most) {
      this.maxTables = most;
      return this;
    }

    /** Septum's ways or KVM's; Septum's if not said. */
    public Builder options(MmuOptions ways) {
      this.options = ways;
      return this;
    }

    /** A trust domain; a normal VM if not said. */
    public Builder trustDomain(TrustDomainOptions how) {
      this.trustDomain = how;
      return this;
    }

    /** Another lock in the place of {@code kvm->mmu_lock}, for one machine only. */
    public Builder lock(MmuLock other) {
      this.lock = other;
      return this;
    }

    /** Whether vCPUs keep translations, as they do if not said; else every access walks. */
    public Builder tlb(boolean isOn) {
      this.isTlbOn = isOn;
      return this;
    }

    /** Stands between the MMU and the vCPUs' TLBs: to watch flushes, or to lose some on purpose. */
    public Builder interceptFlushes(UnaryOperator<TlbFlusher> between) {
      this.interceptor = between;
      return this;
    }

    /** Makes the machine. */
    public VirtualMachine build() {
      return new VirtualMachine(this);
    }
  }
}
