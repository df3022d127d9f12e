package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArenaFullException;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.OneFault.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Conversions, holes, promotions, faults and ACCEPTs in which the n-th thing goes wrong, for n = 0,
 * 1, 2 and so on, until there is no n-th: nothing that the guest has is lost, what fails has
 * changed nothing but a split, and the next try succeeds.
 */
@Timeout(300)
final class FaultInjectionTest {
  private static final long GFN = TdMachine.GFN;

  /** BLOCK, REMOVE and WBINVD of one page try so many; all pages of a batch have one TRACK. */
  private static final int LOCKS_OF_A_PAGE = 10;

  /** The tail of one accepted page and the head of the next: two splits. */
  private static final GfnRange RANGE = new GfnRange(GFN + 509, GFN + 515);

  private static final int BLOCKS = 3;
  private static final int MAX_TABLES = 30;
  private static final long STAMP = 1000;

  /** What the guest finds in a page. */
  private enum Found {
    ITS_OWN,
    UNACCEPTED,
    SHARED
  }

  /** What is done to two accepted pages, and what is left of the range then. */
  private enum Change {
    TO_SHARED(Found.ITS_OWN, Found.SHARED) {
      @Override
      long run(TrustDomainHost host) {
        return host.convertToShared(RANGE);
      }
    },
    BACK_TO_PRIVATE(Found.SHARED, Found.UNACCEPTED) {
      @Override
      void prepare(TrustDomainHost host) {
        host.convertToShared(RANGE);
      }

      @Override
      long run(TrustDomainHost host) {
        return host.convertToPrivate(RANGE);
      }
    },
    PUNCH(Found.ITS_OWN, Found.UNACCEPTED) {
      @Override
      long run(TrustDomainHost host) {
        return host.punchHole(RANGE);
      }
    };

    final Found before;
    final Found after;

    Change(Found before, Found after) {
      this.before = before;
      this.after = after;
    }

    void prepare(TrustDomainHost host) {}

    abstract long run(TrustDomainHost host);
  }

  /** A machine with two accepted 2M pages, each 4K of them stamped, and a block never touched. */
  private static final class Guest {
    final OneFault fault = new OneFault();
    final TdMachine td;

    Guest(AcceptPolicy policy, boolean septVeDisable) {
      TrustDomainOptions options =
          TrustDomainOptions.DEFAULT
              .withAcceptPolicy(policy)
              .withSeptVeDisable(septVeDisable)
              .withFaults(fault, fault);
      td = new TdMachine(options, 1, BLOCKS, MAX_TABLES);
    }

    Guest fill() {
      for (long gfn = GFN; gfn < GFN + 1024; gfn += 512) {
        td.acceptWhole(gfn, PageLevel.LEVEL_2M);
      }
      for (long gfn = GFN; gfn < GFN + 1024; gfn++) {
        assertEquals(VcpuExit.NONE, td.vcpu().store(TdMachine.gpa(gfn), STAMP + gfn));
      }
      return this;
    }

    Found find(long gfn) {
      long gpa = TdMachine.gpa(gfn);
      long content = td.vcpu().load(gpa);
      boolean isPrivate = td.host().isPrivate(gfn);
      return switch (td.vcpu().exit()) {
        case NONE -> {
          assertEquals(STAMP + gfn, content, "gfn " + gfn);
          assertTrue(isPrivate);
          yield Found.ITS_OWN;
        }
        case UNACCEPTED -> {
          assertTrue(isPrivate);
          yield Found.UNACCEPTED;
        }
        case MEMORY_FAULT -> {
          assertTrue(!isPrivate);
          assertEquals(VcpuExit.NONE, td.vcpu().access(gpa | td.host().sharedBit(), Access.WRITE));
          yield Found.SHARED;
        }
        default -> throw new AssertionError("gfn " + gfn + ": " + td.vcpu().exit());
      };
    }

    void assertFound(Found inRange) {
      td.assertSound();
      for (long gfn = GFN; gfn < GFN + 1024; gfn++) {
        assertEquals(RANGE.contains(gfn) ? inRange : Found.ITS_OWN, find(gfn), "gfn " + gfn);
      }
      td.assertSound();
    }

    void end() {
      assertNull(td.vm.mmu().health().evidence());
      assertEquals(0, td.vcpu().staleUses());
      td.closeAndCheckAllIsGivenBack();
    }
  }

  // Every n.

  /**
   * Does something while the n-th of a kind goes wrong, for every n that there is.
   *
   * @return where it went wrong
   */
  private static List<String> sweep(
      Kind kind, Supplier<Guest> prepared, Consumer<Guest> operation, Consumer<Guest> check) {
    List<String> struck = new ArrayList<>();
    for (; ; ) {
      Guest guest = prepared.get();
      guest.fault.arm(kind, struck.size());
      operation.accept(guest);
      String where = guest.fault.disarm();
      check.accept(guest);
      guest.end();
      if (where.isEmpty()) {
        return struck;
      }
      struck.add(where);
    }
  }

  /**
   * Does something while there are n tables, for n = 0, 1 and so on, until they are enough.
   *
   * @param failed checks a guest after a failure for want of the n-th table
   * @return how many are enough
   */
  private static int sweepTables(
      Supplier<Guest> prepared,
      Consumer<Guest> operation,
      ObjIntConsumer<Guest> failed,
      Consumer<Guest> check) {
    for (int tables = 0; ; tables++) {
      Guest guest = prepared.get();
      boolean done = isDoneWith(tables, guest, operation);
      if (!done) {
        failed.accept(guest, tables);
        operation.accept(guest);
      }
      check.accept(guest);
      guest.end();
      if (done) {
        return tables;
      }
    }
  }

  private static boolean isDoneWith(int tables, Guest guest, Consumer<Guest> operation) {
    try (FaultSweep.Withheld withheld =
        new FaultSweep.Withheld(tables, guest.td.vm.mmu().tables())) {
      assertTrue(withheld.count() > 0);
      operation.accept(guest);
      return true;
    } catch (TableArenaFullException full) {
      return false;
    }
  }

  // Conversions and holes.

  private static Stream<Arguments> changes() {
    return Stream.of(AcceptPolicy.EXCLUSIVE, AcceptPolicy.SHARED)
        .flatMap(policy -> Stream.of(Change.values()).map(change -> Arguments.of(change, policy)));
  }

  private static Guest filled(Change change, AcceptPolicy policy) {
    Guest guest = new Guest(policy, true).fill();
    change.prepare(guest.td.host());
    guest.assertFound(change.before);
    return guest;
  }

  /** It is done; and done again, without anything going wrong, it finds nothing left to do. */
  private static void checkDoneAndRepeat(Change change, Guest guest) {
    guest.assertFound(change.after);
    change.run(guest.td.host());
    guest.assertFound(change.after);
  }

  private static List<String> sweepChange(Kind kind, Change change, AcceptPolicy policy) {
    return sweep(
        kind,
        () -> filled(change, policy),
        guest -> assertEquals(RANGE.pages(), change.run(guest.td.host())),
        guest -> checkDoneAndRepeat(change, guest));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void whateverLockIsHeldAChangeIsMadeAndTakesItsOwnRangeOnly(Change change, AcceptPolicy policy) {
    List<String> struck = sweepChange(Kind.BUSY, change, policy);
    if (change == Change.BACK_TO_PRIVATE) {
      assertEquals(List.of(), struck, "shared memory is none of the module's");
      return;
    }
    assertTrue(struck.size() >= LOCKS_OF_A_PAGE * RANGE.pages(), struck.toString());
    for (String place :
        List.of(
            "MEM_PAGE_DEMOTE SEPT_TREE",
            "MEM_RANGE_BLOCK SEPT_ENTRY",
            "MEM_TRACK TD_EPOCH",
            "MEM_PAGE_REMOVE PAMT",
            "PHYMEM_PAGE_WBINVD PAMT")) {
      assertTrue(struck.contains(place), place + " is not in " + struck);
    }
  }

  @ParameterizedTest
  @MethodSource("changes")
  void interruptsAndLateVcpusChangeNothingInTheOutcome(Change change, AcceptPolicy policy) {
    List<String> late = sweepChange(Kind.LATE_VCPU, change, policy);
    int tracks = policy == AcceptPolicy.SHARED ? 1 : 3; // 6 pages removed together, and 2 split
    assertEquals(change == Change.BACK_TO_PRIVATE ? 0 : tracks, late.size());
    sweepChange(Kind.INTERRUPT, change, policy);
    assertEquals(List.of(), sweepChange(Kind.MEMORY, change, policy), "nothing is allocated");
  }

  @ParameterizedTest
  @MethodSource("changes")
  void aChangeThatLacksATableHasChangedNothingButASplit(Change change, AcceptPolicy policy) {
    int enough =
        sweepTables(
            () -> filled(change, policy),
            guest -> change.run(guest.td.host()),
            (guest, tables) -> {
              assertEquals(512 * tables + " of 4K, " + (2 - tables) + " of 2M", guest.td.mapped());
              guest.assertFound(change.before);
            },
            guest -> checkDoneAndRepeat(change, guest));
    assertEquals(change == Change.BACK_TO_PRIVATE ? 0 : 2, enough);
  }

  // Promotion.

  /** Two blocks of small pages that are accepted, with the guest's mark that it wants them so. */
  private static Guest small(AcceptPolicy policy) {
    Guest guest = new Guest(policy, true);
    for (long gfn = GFN; gfn < GFN + 1024; gfn++) {
      guest.td.acceptWhole(gfn, PageLevel.LEVEL_4K);
      assertEquals(VcpuExit.NONE, guest.td.vcpu().store(TdMachine.gpa(gfn), STAMP + gfn));
    }
    return guest;
  }

  private static boolean isInhibited(Guest guest, long gfn) {
    return guest.td.vm.slots().find(gfn).limits().isInhibited(gfn, PageLevel.PG_2M);
  }

  /** What is large is not inhibited, what stayed small is inhibited as before; nothing is lost. */
  private static void checkPromoted(Guest guest) {
    boolean wasInhibited = guest.td.host().options().acceptPolicy() == AcceptPolicy.EXCLUSIVE;
    long large = guest.td.vm.mapped(PageLevel.LEVEL_2M);
    assertEquals(1024 - 512 * large + " of 4K, " + large + " of 2M", guest.td.mapped());
    guest.assertFound(Found.ITS_OWN);
    int inhibited = (isInhibited(guest, GFN) ? 1 : 0) + (isInhibited(guest, GFN + 512) ? 1 : 0);
    assertEquals(wasInhibited ? 2 - large : 0, inhibited);
    assertEquals(2 - large, guest.td.host().promote(guest.td.memory, PageLevel.LEVEL_2M));
    assertEquals("0 of 4K, 2 of 2M", guest.td.mapped());
    guest.assertFound(Found.ITS_OWN);
  }

  @ParameterizedTest
  @EnumSource
  void whateverGoesWrongABlockIsPromotedOrAsItWas(AcceptPolicy policy) {
    List<String> busy = sweepPromotion(Kind.BUSY, policy);
    for (String place :
        List.of(
            "MEM_RANGE_BLOCK SEPT_ENTRY",
            "MEM_TRACK TD_EPOCH",
            "MEM_PAGE_PROMOTE SEPT_TREE",
            "MEM_PAGE_PROMOTE PAMT",
            "PHYMEM_PAGE_WBINVD PAMT")) {
      assertTrue(busy.contains(place), place + " is not in " + busy);
    }
    assertEquals(policy == AcceptPolicy.EXCLUSIVE, busy.contains("MEM_SEPT_RD SEPT_ENTRY"));
    assertEquals(2, sweepPromotion(Kind.INTERRUPT, policy).size());
    assertEquals(1, sweepPromotion(Kind.LATE_VCPU, policy).size(), "both blocks have one TRACK");
    assertEquals(List.of(), sweepPromotion(Kind.MEMORY, policy), "nothing is allocated");
  }

  private static List<String> sweepPromotion(Kind kind, AcceptPolicy policy) {
    return sweep(
        kind,
        () -> small(policy),
        guest -> guest.td.host().promote(guest.td.memory, PageLevel.LEVEL_2M),
        FaultInjectionTest::checkPromoted);
  }

  /** A block that the module refuses, because its last page is not accepted. */
  private static Guest mixed() {
    Guest guest = new Guest(AcceptPolicy.EXCLUSIVE, true);
    for (long gfn = GFN; gfn < GFN + 511; gfn++) {
      guest.td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
    assertEquals(Found.UNACCEPTED, guest.find(GFN + 511));
    return guest;
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"BUSY", "LATE_VCPU"})
  void whateverGoesWrongWhatTheModuleRefusesIsAsItWas(Kind kind) {
    List<String> struck =
        sweep(
            kind,
            FaultInjectionTest::mixed,
            guest -> assertEquals(0, guest.td.host().promote(guest.td.memory, PageLevel.LEVEL_2M)),
            guest -> {
              guest.td.assertSound();
              assertEquals("512 of 4K, 0 of 2M", guest.td.mapped());
              assertTrue(isInhibited(guest, GFN));
              guest.td.acceptWhole(GFN + 511, PageLevel.LEVEL_4K);
              assertEquals(1, guest.td.host().promote(guest.td.memory, PageLevel.LEVEL_2M));
              guest.td.assertSound();
            });
    assertEquals(kind == Kind.BUSY, struck.contains("MEM_RANGE_UNBLOCK SEPT_TREE"));
  }

  // Faults and ACCEPTs.

  /** What a guest that takes #VE does in a block that it has never touched. */
  private enum Doing {
    ACCEPTS_4K(false, PageLevel.LEVEL_4K, "1 of 4K, 0 of 2M", 3),
    ACCEPTS_2M(false, PageLevel.LEVEL_2M, "0 of 4K, 1 of 2M", 2),
    TOUCHES_AND_ACCEPTS_2M(true, PageLevel.LEVEL_2M, "0 of 4K, 1 of 2M", 2),
    TOUCHES_AND_ACCEPTS_4K(true, PageLevel.LEVEL_4K, "512 of 4K, 0 of 2M", 3);

    final boolean touches;
    final PageLevel level;
    final String mapped;
    final int tables;

    Doing(boolean touches, PageLevel level, String mapped, int tables) {
      this.touches = touches;
      this.level = level;
      this.mapped = mapped;
      this.tables = tables;
    }

    void run(TdMachine td) {
      if (touches) {
        VcpuExit exit = td.vcpu().access(TdMachine.gpa(GFN), Access.WRITE);
        assertEquals(VcpuExit.VIRTUALIZATION_EXCEPTION, exit);
        td.vcpu().takeVeInfo();
      }
      td.acceptWhole(GFN, level);
    }

    /** It has what it wants, and can use it. */
    void check(Guest guest) {
      guest.td.assertSound();
      assertEquals(mapped, guest.td.mapped());
      assertEquals(VcpuExit.NONE, guest.td.vcpu().store(TdMachine.gpa(GFN), STAMP + GFN));
      assertEquals(Found.ITS_OWN, guest.find(GFN));
      long again = TdMachine.accept(guest.td.vcpu(), GFN, PageLevel.LEVEL_4K);
      assertEquals(SeamcallStatus.PAGE_ALREADY_ACCEPTED, SeamcallStatus.detail(again));
      guest.td.assertSound();
    }
  }

  /** Under IGNORE a page that was touched is never accepted at 4K. */
  private static Stream<Arguments> doings() {
    return Stream.of(AcceptPolicy.values())
        .flatMap(
            policy ->
                Stream.of(Doing.values())
                    .filter(
                        doing ->
                            policy != AcceptPolicy.IGNORE || doing != Doing.TOUCHES_AND_ACCEPTS_4K)
                    .map(doing -> Arguments.of(doing, policy)));
  }

  private static List<String> sweepDoing(Kind kind, Doing doing, AcceptPolicy policy) {
    return sweep(kind, () -> new Guest(policy, false), guest -> doing.run(guest.td), doing::check);
  }

  @ParameterizedTest
  @MethodSource("doings")
  void whateverLockIsHeldTheExitIsSettled(Doing doing, AcceptPolicy policy) {
    List<String> struck = sweepDoing(Kind.BUSY, doing, policy);
    for (String place :
        List.of(
            "VP_ENTER TD_EPOCH",
            "MEM_SEPT_ADD SEPT_ENTRY",
            "MEM_PAGE_AUG SEPT_TREE",
            "GUEST_ACCEPT SEPT_ENTRY")) {
      assertTrue(struck.contains(place), place + " is not in " + struck);
    }
    boolean splits = doing == Doing.TOUCHES_AND_ACCEPTS_4K;
    assertEquals(splits, struck.contains("MEM_PAGE_DEMOTE SEPT_ENTRY"), struck.toString());
  }

  @ParameterizedTest
  @MethodSource("doings")
  void interruptsLateVcpusAndShortMemoryOnlyCostTries(Doing doing, AcceptPolicy policy) {
    assertEquals(List.of("guest_memfd"), sweepDoing(Kind.MEMORY, doing, policy));
    List<String> interrupted = sweepDoing(Kind.INTERRUPT, doing, policy);
    assertEquals(doing.level == PageLevel.LEVEL_2M ? 511 : 0, interrupted.size());
    boolean tracks = doing == Doing.TOUCHES_AND_ACCEPTS_4K && policy == AcceptPolicy.EXCLUSIVE;
    assertEquals(tracks ? 1 : 0, sweepDoing(Kind.LATE_VCPU, doing, policy).size());
  }

  @ParameterizedTest
  @MethodSource("doings")
  void withoutATableNothingIsAccepted(Doing doing, AcceptPolicy policy) {
    int enough =
        sweepTables(
            () -> new Guest(policy, false),
            guest -> doing.run(guest.td),
            (guest, tables) -> {
              guest.td.assertSound();
              boolean touched = doing.touches && tables == 2;
              assertEquals("0 of 4K, " + (touched ? 1 : 0) + " of 2M", guest.td.mapped());
            },
            doing::check);
    assertEquals(doing.tables, enough);
  }
}
