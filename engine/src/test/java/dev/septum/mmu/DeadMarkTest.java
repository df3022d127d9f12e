package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.DeadMarkTest.Race.MergeStep;
import dev.septum.mmu.DeadMarkTest.Race.WriteStep;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.sync.BiasedMmuLock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A merge by mark against a write, step by step, in every order of their steps. Each step is the
 * protocol's own; who leaves one out loses a write in some order.
 */
final class DeadMarkTest {
  private static final List<MergeStep> MERGE =
      List.of(
          Race::look,
          Race::replaceTable,
          Race::mark,
          Race::lookAgain,
          Race::fillWithFrozen,
          Race::handOn);
  private static final int MARK = 2;
  private static final int LAST_LOOK = 3;
  private static final int HAND_ON = 5;
  private static final List<WriteStep> WRITE = List.of(Race::setDirty, Race::checkMark);

  /** Lost writes, over all orders of these steps. */
  private static List<String> lost(List<MergeStep> merge, List<WriteStep> write) {
    List<String> lost = new ArrayList<>();
    int steps = merge.size() + write.size();
    for (int order = 0; order < 1 << steps; order++) { // a bit for each step: whose turn it is
      if (Integer.bitCount(order) == write.size() && !keepsTheWrite(merge, write, order)) {
        lost.add(Integer.toBinaryString(order));
      }
    }
    return lost;
  }

  private static boolean keepsTheWrite(List<MergeStep> merge, List<WriteStep> write, int order) {
    try (Race race = new Race()) {
      int merged = 0;
      int written = 0;
      for (int turn = 0; merged + written < merge.size() + write.size(); turn++) {
        if ((order >>> turn & 1) != 0) {
          write.get(written++).run(race);
        } else {
          merge.get(merged++).run(race);
        }
      }
      return race.isDirty();
    }
  }

  @Test
  void noOrderLosesAWrite() {
    assertEquals(List.of(), lost(MERGE, WRITE));
  }

  @Test
  void aWriterThatDoesNotLookForTheMarkLosesItsWrite() {
    assertNotEquals(List.of(), lost(MERGE, List.of(Race::setDirty)));
  }

  @Test
  void aMergeThatDoesNotHandOnWhatItFindsLateLosesAWrite() {
    assertNotEquals(List.of(), lost(without(HAND_ON), WRITE));
  }

  @Test
  void aMergeThatDoesNotMarkLosesAWrite() {
    assertNotEquals(List.of(), lost(without(MARK), WRITE));
  }

  @Test
  void aMergeThatMarksAfterItsLastLookLosesAWrite() {
    List<MergeStep> swapped =
        List.of(
            Race::look,
            Race::replaceTable,
            Race::lookAgain,
            Race::mark,
            Race::fillWithFrozen,
            Race::handOn);
    assertNotEquals(List.of(), lost(swapped, WRITE));
  }

  private static List<MergeStep> without(int step) {
    List<MergeStep> steps = new ArrayList<>(MERGE);
    steps.remove(step);
    return steps;
  }

  /** One who finds the flag set in the dead table, by a writer who is not through, relies on it. */
  @Test
  void aFlagThatIsFoundInAMarkedTableCountsForNothing() {
    try (Race race = new Race()) {
      race.mergeUpToTheLastLook();
      race.setDirty();
      assertEquals(Spte.FROZEN, race.writeWhereTheWalkHasEnded());
      assertTrue(!race.isDirty());
    }
  }

  @Test
  void aFlagThatIsSetInAMarkedTableCountsForNothing() {
    try (Race race = new Race()) {
      race.mergeUpToTheLastLook();
      assertEquals(Spte.FROZEN, race.writeWhereTheWalkHasEnded());
      assertTrue(!race.isDirty());
    }
  }

  @Test
  void aFlagThatIsSetInATableThatIsNotMarkedCounts() {
    try (Race race = new Race()) {
      assertTrue(Spte.isDirty(race.writeWhereTheWalkHasEnded()));
      assertTrue(race.isDirty());
    }
  }

  /** The tree: 2 gfns under one table of 4K leaves, clean; and where both sides have got to. */
  static final class Race implements AutoCloseable {
    private static final long PFN_OFFSET = 16;
    private static final int INDEX = 1;

    interface MergeStep {
      void run(Race race);
    }

    interface WriteStep {
      void run(Race race);
    }

    private final Geometry geometry = new Geometry(2, 1);
    private final TdpMmu mmu =
        new TdpMmu(geometry, 2, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
    private final TableArena arena = mmu.arena();
    private final Root root = mmu.root();
    private final HardwareWalk hardware = new HardwareWalk(arena);
    private final EntryProtocol protocol = new EntryProtocol(arena, hardware, mmu.health(), null);
    private final Walker host = mmu.newWalker();
    private final Walker vcpu = mmu.newWalker();
    private final long tableEntry;
    private final int table;
    private long leaf;
    private long last;

    Race() {
      for (long gfn = 0; gfn < geometry.entries(); gfn++) {
        PageFault fault = new PageFault().begin(gfn, Access.READ.bit(), 0);
        fault.backedBy(gfn + PFN_OFFSET, true, PageLevel.PG_4K);
        assertEquals(FaultResult.FIXED, mmu.fault(host, fault));
      }
      tableEntry = arena.entryAcquire(root.table(), 0);
      table = Spte.table(tableEntry);
      host.section().open();
      vcpu.section().open();
      assertTrue(Spte.isPresent(mmu.walk(vcpu, INDEX)));
      assertEquals(table, vcpu.place.table());
    }

    void look() {
      long first = Spte.withoutAccessedDirty(arena.entryAcquire(table, 0));
      long seen = arena.differencesPlain(table, first, Spte.stepOf(PageLevel.PG_4K, geometry));
      assertEquals(0, Spte.withoutAccessedDirty(seen));
      leaf = Spte.makeHuge(first, PageLevel.PG_2M, geometry) | seen;
    }

    void replaceTable() {
      assertEquals(
          tableEntry,
          protocol.replaceTable(host, root.table(), 0, PageLevel.PG_2M, tableEntry, leaf));
    }

    void mark() {
      arena.markDeadThenFence(table);
    }

    /** The loads of {@link TableArena#freezePlain}; its stores come later. */
    void lookAgain() {
      for (int index = 0; index < geometry.entries(); index++) {
        last |= arena.entryPlain(table, index);
      }
    }

    void fillWithFrozen() {
      arena.freezePlain(table);
    }

    void handOn() {
      protocol.handOn(host, root, 0, PageLevel.PG_2M, last, Spte.accessedDirty(leaf));
    }

    /** The CAS of a walk that has found the entry before it was FROZEN; else it walks again. */
    void setDirty() {
      long entry = arena.entryAcquire(table, INDEX);
      if (Spte.isFrozen(entry)) {
        hardware.setFlags(vcpu, root, INDEX, Spte.DIRTY);
      } else {
        assertEquals(entry, arena.casEntry(table, INDEX, entry, entry | Spte.DIRTY));
      }
    }

    void checkMark() {
      if (arena.isDeadVolatile(table)) {
        hardware.setFlags(vcpu, root, INDEX, Spte.DIRTY);
      }
    }

    void mergeUpToTheLastLook() {
      for (MergeStep step : MERGE.subList(0, LAST_LOOK + 1)) {
        step.run(this);
      }
    }

    /** The walk had reached the table before the merge. */
    long writeWhereTheWalkHasEnded() {
      assertEquals(table, vcpu.place.table());
      long found = arena.entryAcquire(table, INDEX);
      int write = Access.WRITE.bit();
      return hardware.markFound(vcpu, root, INDEX, found, write, Spte.flagsSetBy(write));
    }

    /** As seen from the root. */
    boolean isDirty() {
      long entry = arena.entryAcquire(root.table(), 0);
      return Spte.isDirty(
          Spte.isTable(entry, PageLevel.PG_2M)
              ? arena.entryAcquire(Spte.table(entry), INDEX)
              : entry);
    }

    @Override
    public void close() {
      host.section().close();
      vcpu.section().close();
      host.close();
      vcpu.close();
      // The table was never counted out: the MMU is left as it is.
    }
  }
}
