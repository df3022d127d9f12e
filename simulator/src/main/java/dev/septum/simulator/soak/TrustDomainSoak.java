package dev.septum.simulator.soak;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.guest.Guest;
import dev.septum.simulator.guest.GuestKind;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.simulator.guest.SlotIndex;
import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.replay.MemoryTaker;
import dev.septum.simulator.replay.ModuleFaults;
import dev.septum.simulator.replay.RunState;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A trust domain: guests that accept in different ways side by side, hosts that each take pages of
 * one half of its memory, and a scanner that promotes all of it.
 */
final class TrustDomainSoak extends SoakMachine {
  private static final int TAKERS = 2;

  /** Guests that take no #VE, in turn by vCPU. */
  private static final List<GuestKind> KINDS =
      List.of(GuestKind.LINUX, GuestKind.RECKLESS, GuestKind.HOSTILE);

  private final ModuleFaults faults;
  private final VirtualMachine vm;
  private final TrustDomainHost host;
  private final GuestMemory memory = new GuestMemory(List.of(SoakPlan.MEMORY));
  private final List<TrustDomainGuest> guests = new ArrayList<>();
  private final List<TakingHost> takers = new ArrayList<>();
  private final ScanHost scanner;
  private final SlotHost slotHost;

  TrustDomainSoak(SoakPlan plan, RunState state, QuietPoint quiet) {
    super(plan, state, quiet);
    faults = new ModuleFaults(plan.rates(), plan.seed());
    vm =
        VirtualMachine.builder()
            .trustDomain(
                TrustDomainOptions.DEFAULT
                    .withAcceptPolicy(plan.policy())
                    .withSeptVeDisable(true)
                    .withHostPages(
                        (1 + SlotHost.MOST_OF_TRUST_DOMAIN)
                            * Geometry.FOUR_LEVEL.pages(PageLevel.PG_1G))
                    .withFaults(faults, faults))
            .build();
    host = vm.trustDomain();
    MemorySlot slot = vm.addSlot(SoakPlan.MEMORY, PageLevel.LEVEL_2M);
    long unused = host.convertToPrivate(slot.range());
    // What a guest decides by itself depends on what it meets: it has chances of its own.
    SplittableRandom chances = new SplittableRandom(~plan.seed());
    addGuests(chances);
    host.finalizeBuild();
    for (int i = 0; i < TAKERS; i++) {
      GfnRange area = SoakPlan.half(i);
      TakingHost taker =
          new TakingHost(
              vm,
              new MemoryTaker(host, memory, chances.split(), plan.probability(Injection.OVER_ZAP)),
              area,
              choices(Repertoire.TRUST_DOMAIN_HOST, area, area),
              new OperationLog("host " + i, i),
              this);
      takers.add(taker);
      add(taker);
    }
    scanner =
        new ScanHost(
            host,
            choices(Repertoire.SCANNER, SoakPlan.MEMORY, SoakPlan.MEMORY),
            new OperationLog("promotion", 0),
            this);
    add(scanner);
    slotHost =
        new SlotHost(
            vm,
            choices(Repertoire.TRUST_DOMAIN_SLOT_HOST, SoakPlan.PLACES, SoakPlan.PLACES),
            new OperationLog("slots", 0),
            this);
    add(slotHost);
    faults.arm(host);
  }

  private void addGuests(SplittableRandom chances) {
    List<Guest> kinds = KINDS.stream().map(kind -> kind.newGuest(memory)).toList();
    for (int i = 0; i < plan().threads(); i++) {
      TrustDomainGuest guest =
          new TrustDomainGuest(
              vm,
              memory,
              kinds.get(i % kinds.size()),
              chances.split(),
              choices(Repertoire.TRUST_DOMAIN_GUEST, SoakPlan.MEMORY, SoakPlan.PLACES),
              new OperationLog("vCPU " + i, i),
              this);
      guests.add(guest);
      add(guest);
    }
  }

  @Override
  VirtualMachine vm() {
    return vm;
  }

  /** Nothing goes wrong on purpose while it looks, nor afterwards if there is a finding. */
  @Override
  List<String> findings() {
    faults.disarm();
    List<String> found = new ArrayList<>();
    guests.get(0).sweep();
    long lost = lostData();
    if (lost > 0) {
      found.add(lost + " pages of lost data");
    }
    List<GfnRange> shared =
        takers.stream().map(TakingHost::shared).flatMap(Stream::ofNullable).toList();
    for (long gfn = SoakPlan.MEMORY.start(); gfn < SoakPlan.MEMORY.end(); gfn++) {
      boolean isPrivate = shared.isEmpty() || !shared.get(SlotIndex.of(gfn, shared)).contains(gfn);
      if (host.isPrivate(gfn) != isPrivate) {
        found.add(String.format("gfn 0x%x should be %s", gfn, isPrivate ? "private" : "shared"));
        break;
      }
    }
    judgeSlots(vm, slotHost.slot(), found);
    if (found.isEmpty()) {
      faults.arm(host);
    }
    return found;
  }

  @Override
  long staleUses() {
    return guests.stream().mapToLong(TrustDomainGuest::staleUses).sum();
  }

  @Override
  long lostData() {
    return guests.stream().mapToLong(TrustDomainGuest::lostData).sum();
  }

  @Override
  long vcpus() {
    return guests.stream().mapToLong(TrustDomainGuest::vcpus).sum();
  }

  @Override
  Map<Injection, Long> injected() {
    Map<Injection, Long> counts = new EnumMap<>(Injection.class);
    for (Injection kind : plan().rates().keySet()) {
      counts.put(
          kind,
          kind == Injection.OVER_ZAP
              ? takers.stream().mapToLong(TakingHost::overZapped).sum()
              : faults.count(kind));
    }
    return counts;
  }

  @Override
  List<String> close() {
    faults.disarm();
    scanner.close();
    List<String> found = new ArrayList<>(super.close());
    host.module().audit().forEach(violation -> found.add(violation.toString()));
    if (!host.module().tds().isEmpty()) {
      found.add("the module still has the trust domain that is closed");
    }
    return found;
  }
}
