package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A small machine in which a {@link OneFault} may strike: 4 pages to the 2M, 16 to the 1G; and
 * everything that can be seen of it, seen from outside, so that looking changes nothing.
 */
final class SweptMachine {
  static final Geometry GEOMETRY = new Geometry(3, 2);

  /** Two blocks of 1G: all that a TD of this geometry has. */
  static final GfnRange MEMORY = GfnRange.ofPages(0, 32);

  /** Few enough that caches keep none between operations. */
  private static final int MAX_TABLES = 31;

  static final int HOST_PAGES = 96;
  private static final int STATE_SHIFT = 8;
  private static final int STATE_MASK = 0xff;

  final OneFault fault;
  final VirtualMachine vm;
  final List<Vcpu> vcpus = new ArrayList<>();

  private SweptMachine(OneFault fault, VirtualMachine.Builder builder) {
    this.fault = fault;
    this.vm =
        builder
            .geometry(GEOMETRY)
            .maxTables(MAX_TABLES)
            .lock(new SweptLock(fault))
            .interceptFlushes(fault::watching)
            .build();
  }

  /** A normal VM without memory. */
  static SweptMachine normal(OneFault fault) {
    return new SweptMachine(fault, VirtualMachine.builder());
  }

  /** A trust domain that is not built yet, without memory. */
  static SweptMachine trustDomain(OneFault fault, TrustDomainOptions options) {
    return new SweptMachine(
        fault,
        VirtualMachine.builder()
            .trustDomain(options.withHostPages(HOST_PAGES).withFaults(fault, fault)));
  }

  SweptMachine with(GfnRange range, PageLevel backing) {
    vm.addSlot(range, backing);
    return this;
  }

  SweptMachine withVcpu() {
    vcpus.add(vm.newVcpu());
    return this;
  }

  /** All memory private, a vCPU, and the build over. */
  SweptMachine running() {
    host().convertToPrivate(MEMORY);
    withVcpu();
    host().finalizeBuild();
    return this;
  }

  Vcpu vcpu() {
    return vcpus.get(0);
  }

  TrustDomainVcpu tdVcpu() {
    return (TrustDomainVcpu) vcpu();
  }

  TrustDomainHost host() {
    return vm.trustDomain();
  }

  static long gpa(long gfn) {
    return TdMachine.gpa(gfn);
  }

  String access(long gfn, Access access) {
    return vcpu().access(gpa(gfn), access).name();
  }

  /** Accepts as a guest does; how that ended. */
  String accept(long gfn, PageLevel level) {
    long status = TdMachine.accept(tdVcpu(), gfn, level);
    return status == TrustDomainVcpu.NOT_COMPLETED
        ? tdVcpu().exit().name()
        : SeamcallStatus.describe(status);
  }

  /** Accepts all of a range in pages of a level, and puts a stamp in each of 4K. */
  SweptMachine accepted(GfnRange range, PageLevel level) {
    for (long gfn = range.start(); gfn < range.end(); gfn += GEOMETRY.pages(level.number())) {
      assertEquals(SeamcallStatus.describe(SeamcallStatus.SUCCESS), accept(gfn, level));
    }
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      assertEquals(VcpuExit.NONE, tdVcpu().store(gpa(gfn), 1000 + gfn));
    }
    return this;
  }

  // What can be seen.

  /** What its owner has at each gfn; nothing, if the machine is closed. */
  List<String> pages() {
    if (vm.mmu().isClosed()) {
      return List.of();
    }
    String[] pages = new String[(int) vm.mmu().gfnLimit()];
    Arrays.fill(pages, "nothing");
    for (MemorySlot slot : vm.slots().all()) {
      for (long gfn = slot.range().start(); gfn < slot.range().end(); gfn++) {
        pages[(int) gfn] = vm.isTrustDomain() ? content(slot, gfn) : "not mapped";
      }
    }
    if (!vm.isTrustDomain()) {
      vm.forEachLeaf(
          new GfnRange(0, vm.mmu().gfnLimit()),
          (gfn, level, leaf) -> {
            for (long at = gfn; at < gfn + GEOMETRY.pages(level); at++) {
              pages[(int) at] =
                  String.format(
                      "pfn 0x%x%s%s",
                      Spte.pfnOf(leaf, level, at, GEOMETRY),
                      Spte.isWritable(leaf) ? " W" : "",
                      Spte.isDirty(leaf) ? " D" : "");
            }
          });
    }
    return List.of(pages);
  }

  private String content(MemorySlot slot, long gfn) {
    long content = host().content().readAcquire(slot.pfnOf(gfn));
    if (!host().isPrivate(gfn)) {
      return "shared " + content;
    }
    return isAccepted(gfn) ? "accepted " + content : "unaccepted";
  }

  private boolean isAccepted(long gfn) {
    SeamcallRegisters call = new SeamcallRegisters();
    for (int level = GEOMETRY.maxLeafLevel(); level >= PageLevel.PG_4K; level--) {
      long gpa = gpa(GEOMETRY.round(gfn, level));
      long status =
          host().module().seamcall(call, TdxLeaf.MEM_SEPT_RD, level - 1, gpa, host().td(), 0);
      if (status != SeamcallStatus.SUCCESS) {
        return false; // no table here
      }
      int state = (int) (call.rdx >>> STATE_SHIFT) & STATE_MASK;
      if (state == SeptState.MAPPED.publicCode()) {
        return true;
      }
      if (state != SeptState.NL_MAPPED.publicCode()) {
        return false;
      }
    }
    return false;
  }

  /** How it is mapped and backed, what is forbidden, the counts: all that pages do not show. */
  String shape() {
    if (vm.mmu().isClosed()) {
      return "closed";
    }
    StringBuilder shape = new StringBuilder();
    vm.forEachLeaf(
        new GfnRange(0, vm.mmu().gfnLimit()),
        (gfn, level, leaf) ->
            shape.append(String.format("%x %s; ", gfn, PageLevel.of(level).label())));
    for (MemorySlot slot : vm.slots().all()) {
      shape.append(slot).append(": ");
      GuestMemfd memfd = slot.guestMemfd();
      for (long gfn = slot.range().start(); gfn < slot.range().end(); gfn++) {
        shape.append(slot.limits().maxMappingLevel(gfn, PageLevel.PG_1G));
        if (memfd != null) {
          shape.append(memfd.level(gfn)).append(memfd.isAllocated(gfn) ? '+' : '-');
        }
      }
      shape.append("; ");
    }
    for (int level = PageLevel.PG_4K; level <= GEOMETRY.maxLeafLevel(); level++) {
      shape.append(vm.mapped(PageLevel.of(level))).append(' ');
    }
    if (vm.isTrustDomain()) {
      shape.append(host().td().opState()).append(' ').append(host().missingPages());
    }
    return shape + " tables " + vm.mmu().tables().live();
  }

  void assertSound() {
    assertNull(vm.mmu().health().evidence());
    if (!vm.mmu().isClosed()) {
      assertEquals(List.of(), vm.audit());
    }
    for (Vcpu vcpu : vcpus) {
      assertEquals(0, vcpu.staleUses());
    }
  }

  /** Ends it: nothing is left, no table, no page in the module. */
  void end() {
    vm.close();
    vm.mmu().tables().reclaim();
    assertEquals(0, vm.mmu().tables().live());
    assertEquals(0, vm.mmu().tables().waiting());
    if (vm.isTrustDomain()) {
      assertEquals(List.of(), host().module().audit());
      assertEquals(List.of(), host().module().tds());
    }
  }
}
