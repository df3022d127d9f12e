package dev.septum.simulator.tree;

import dev.septum.mmu.Violation;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.MachineKind;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The machine that a scenario drives, one operation after the other. Each returns its result in
 * words, and throws as the engine does: {@link IllegalArgumentException} for what the machine does
 * not have.
 */
final class ScenarioMachine implements AutoCloseable {
  private static final Pattern LEAF_PREFIX = Pattern.compile("^TDH\\.(MEM\\.)?");

  private final @Nullable GfnRange shownByDefault;
  private final int limit;
  private VirtualMachine vm;
  private List<Vcpu> vcpus;
  private Vcpu vcpu;
  private @Nullable TreeView view;

  /**
   * A trust domain, until another machine is begun.
   *
   * @param range what is printed where nothing is said; null for everything mapped
   * @param limit the most rows of a print
   */
  ScenarioMachine(@Nullable GfnRange range, int limit) {
    this.shownByDefault = range;
    this.limit = limit;
    MachineOptions first = MachineOptions.of(MachineKind.TD);
    this.vm = first.build();
    this.vcpus = newVcpus(vm, first.vcpus());
    this.vcpu = vcpus.get(0);
  }

  private static List<Vcpu> newVcpus(VirtualMachine vm, int count) {
    List<Vcpu> vcpus = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vcpus.add(vm.newVcpu());
    }
    return vcpus;
  }

  // The machine.

  String begin(MachineOptions options) {
    VirtualMachine next = options.build();
    vm.close();
    vm = next;
    vcpus = newVcpus(vm, options.vcpus());
    vcpu = vcpus.get(0);
    return "begins";
  }

  String use(int number) {
    if (number >= vcpus.size()) {
      throw new IllegalArgumentException("there are " + vcpus.size() + " vCPUs");
    }
    vcpu = vcpus.get(number);
    return "goes on";
  }

  String finalizeBuild() {
    vm.trustDomain().finalizeBuild();
    return "runnable";
  }

  String add(long gfn, long value) {
    vm.trustDomain().addPage(gfn, value);
    return "added";
  }

  String audit() {
    List<Violation> found = vm.audit();
    return found.isEmpty()
        ? "clean"
        : found.stream().map(Violation::toString).collect(Collectors.joining("; "));
  }

  /** Why the machine does no more work; null while it does. */
  @Nullable String evidence() {
    return vm.mmu().health().evidence();
  }

  // The host.

  String change(RangeOperation operation, GfnRange range, PageLevel level) {
    long count =
        switch (operation) {
          case PRIVATE -> vm.trustDomain().convertToPrivate(range);
          case SHARED -> vm.trustDomain().convertToShared(range);
          case PUNCH -> vm.trustDomain().punchHole(range);
          case PROMOTE -> vm.trustDomain().promote(range, level);
          case ZAP -> vm.zap(range);
          case PREFAULT -> vm.prefault(range);
          case TRIM -> vm.trim(range);
          case MERGE -> vm.merge(range, level);
          case SPLIT -> vm.split(range, level);
        };
    return operation.done() + " " + count;
  }

  String seamcall(TdxLeaf leaf, long gfn, PageLevel level) {
    TrustDomainHost host = vm.trustDomain();
    SeamcallRegisters call = new SeamcallRegisters();
    long status =
        host.module()
            .seamcall(call, leaf, level.number() - 1, gfn << Geometry.PAGE_SHIFT, host.td(), 0);
    return String.format(
        "%s, RCX 0x%x, RDX 0x%x", SeamcallStatus.describe(status), call.rcx, call.rdx);
  }

  // The guest.

  String accept(long gfn, PageLevel level) {
    TrustDomainVcpu guest = guest();
    long status = guest.accept(gfn << Geometry.PAGE_SHIFT, level);
    return status == TrustDomainVcpu.NOT_COMPLETED
        ? guest.exit().toString()
        : SeamcallStatus.describe(status);
  }

  String touch(long gfn, Access access, boolean shared) {
    return words(vcpu.access(gpa(gfn, shared), access));
  }

  String store(long gfn, long value, boolean shared) {
    return words(guest().store(gpa(gfn, shared), value));
  }

  String load(long gfn, boolean shared) {
    TrustDomainVcpu guest = guest();
    long found = guest.load(gpa(gfn, shared));
    return guest.exit() == VcpuExit.NONE ? Long.toString(found) : words(guest.exit());
  }

  /** Its #VE has been handled by the time of its next operation. */
  private String words(VcpuExit exit) {
    if (exit == VcpuExit.VIRTUALIZATION_EXCEPTION) {
      guest().takeVeInfo();
    }
    return exit == VcpuExit.NONE ? "made" : exit.toString();
  }

  private TrustDomainVcpu guest() {
    TrustDomainHost unused = vm.trustDomain(); // throws, in words, if it is none
    return (TrustDomainVcpu) vcpu;
  }

  private long gpa(long gfn, boolean shared) {
    return gfn << Geometry.PAGE_SHIFT | (shared ? vm.trustDomain().sharedBit() : 0);
  }

  // Looking.

  String print(@Nullable GfnRange range) {
    view = TreeView.of(vm, range == null ? shownByDefault : range, limit);
    return "";
  }

  /** What was printed since the last call; null if nothing was. */
  @Nullable TreeView takeView() {
    TreeView taken = view;
    view = null;
    return taken;
  }

  /** How often each thing has happened that an operation brings about. */
  Map<String, Long> counts() {
    Map<String, Long> counts = new LinkedHashMap<>();
    if (vm.isTrustDomain()) {
      TrustDomainHost host = vm.trustDomain();
      host.anomalies().counts().forEach((kind, count) -> counts.put(kind.toString(), count));
      host.seamcalls()
          .snapshot()
          .forEach((leaf, count) -> counts.put(LEAF_PREFIX.matcher(leaf).replaceFirst(""), count));
      counts.put("kicks", host.seamcalls().kicks());
      counts.put("inhibits", host.inhibits());
    }
    counts.put("splits", vm.mmu().counters().sum(MmuCounter.SPLITS));
    return counts;
  }

  @Override
  public void close() {
    vm.close();
  }
}
