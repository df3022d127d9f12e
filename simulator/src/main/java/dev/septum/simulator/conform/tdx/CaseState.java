package dev.septum.simulator.conform.tdx;

import dev.septum.paging.Geometry;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.Lifecycle;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TrustDomain;
import java.util.List;

/**
 * The machine in the state in which a case begins, and the operands of its call. What the variant
 * of the case says is put on top by {@link CaseVariant}.
 */
final class CaseState {
  static final long GPA = 0x80_0000_0000L;
  static final long SMALL_PAGE = 0x1_0060_0000L;
  static final long LARGE_PAGE = 0x1_0080_0000L;
  static final long HUGE_PAGE = 0x1_4000_0000L;
  static final long SMALL_R8 = 0x1_0040_0000L;
  static final long LARGE_R8 = 0x1_0400_0000L;

  /** A page of the host's own, for PAGE.ADD to copy from. */
  static final long SHARED_SOURCE = 0x2000_0000L;

  static final long NO_OPERAND = -1L;

  private static final int CONTROL_PAGES = 12;
  private static final long MIGRATION_FLAG = 1L << 63;

  final CaseRecord input;
  final TdxMachine machine;

  // Operands.
  long rcx;
  long rdx;
  long r8;
  long r9;
  int version;
  long reservedRax;
  long offset;

  // What is done besides.
  int interruptFrom = -1;
  int callsBefore;
  long gpaBefore = GPA;
  long nanosBefore;

  private long nextTable = TdxMachine.TABLES;

  CaseState(CaseRecord input, boolean pendingVeDisabled) {
    this.input = input;
    this.machine = new TdxMachine(input.opState(), pendingVeDisabled, CONTROL_PAGES);
    begin(input);
  }

  /** Another call on the same machine. */
  CaseState(CaseRecord input, CaseState before) {
    this.input = input;
    this.machine = before.machine;
    this.nextTable = before.nextTable;
    begin(input);
  }

  private void begin(CaseRecord of) {
    boolean tracks = of.leaf() == TdxLeaf.MEM_TRACK;
    rcx = tracks ? TdxMachine.TDR : GPA | of.requestedLevel();
    rdx = tracks ? 0 : TdxMachine.TDR;
    r8 = of.givesPage() ? of.pageLevel() == 1 ? LARGE_R8 : SMALL_R8 : 0;
    r9 = of.leaf() == TdxLeaf.MEM_PAGE_ADD ? SHARED_SOURCE : NO_OPERAND;
  }

  // The tree.

  /** Puts tables on the way to an entry, where there are none. */
  void addTables(long gpa, int level) {
    for (int above = TdxMachine.TOP; above > level; above--) {
      if (SeptEntry.state(machine.state.entry(machine.td, gpa, above)) == SeptState.FREE) {
        machine.addTable(gpa, above, SeptState.NL_MAPPED, takeTable());
      }
    }
  }

  /** Puts the prepared entry in its place, with its page or its empty table. */
  void prepareEntry() {
    addTables(GPA, input.entryLevel());
    place(GPA, input.entryLevel(), input.entryBefore());
    if (input.stateBefore().isNonLeaf()) {
      nextTable = Math.max(nextTable, entryTable() + TdxMachine.PAGE);
    }
  }

  /** Sets an entry, and gives the TD what it names. */
  void place(long gpa, int level, long entry) {
    SeptState state = SeptEntry.state(entry);
    if (state.isNonLeaf()) {
      machine.addTable(gpa, level, state, SeptEntry.tableHpa(entry));
    } else if (state.isLeaf()) {
      addPage(level, SeptEntry.pageHpa(entry, level, TdxMachine.GEOMETRY));
    }
    machine.state.setEntry(machine.td, gpa, level, entry);
  }

  /** Gives the TD a page. */
  void addPage(int level, long hpa) {
    machine.state.assignPage(level, hpa, PageType.REG, machine.td);
    machine.state.addChildren(machine.td, TdxMachine.GEOMETRY.pages(level + 1));
  }

  static long bytes(int level) {
    return TdxMachine.GEOMETRY.pages(level + 1) << Geometry.PAGE_SHIFT;
  }

  long entryTable() {
    return SeptEntry.tableHpa(input.entryBefore());
  }

  /** The page that keeps the epoch of the prepared entry's block: its page, or its table. */
  long blockPage() {
    return input.stateBefore().isNonLeaf()
        ? entryTable()
        : SeptEntry.pageHpa(input.entryBefore(), input.entryLevel(), TdxMachine.GEOMETRY);
  }

  int blockLevel() {
    return input.stateBefore().isNonLeaf() ? 0 : input.entryLevel();
  }

  boolean hasBlockPage() {
    return input.stateBefore().isNonLeaf() || input.stateBefore().isLeaf();
  }

  /** The page of the leaf that a level's table would merge into, and the first of its children. */
  static long firstPage(int level) {
    return switch (level) {
      case 0 -> SMALL_PAGE;
      case 1 -> LARGE_PAGE;
      default -> HUGE_PAGE;
    };
  }

  /** The next page for a table. */
  long takeTable() {
    long table = nextTable;
    nextTable += TdxMachine.PAGE;
    return table;
  }

  /** Whether R8 is a page of a TDMR. */
  boolean givesUsablePage() {
    return input.givesPage()
        && (r8 & TdxMachine.PAGE - 1) == 0
        && r8 > 0
        && machine.state.contains(r8);
  }

  // Epochs.

  /** The TD's epoch. */
  void setEpoch(long epoch) {
    machine.state.setEpochs(machine.td, epoch, 0, 0);
  }

  long epoch() {
    return machine.td.epochs().epoch();
  }

  /**
   * The epoch in which the recorder has such an entry ready: a 1G page is merged first, which takes
   * a block and a TRACK; what is tracked has had another TRACK.
   */
  long ruledEpoch() {
    SeptState state = input.stateBefore();
    boolean wasMerged = input.entryLevel() == 2 && (state.isLeaf() || state == SeptState.REMOVED);
    return 1L + (wasMerged ? 1 : 0) + (state.isBlocked() && input.tracked().equals("yes") ? 1 : 0);
  }

  /** Says when the prepared entry was blocked, by what the case says of tracking. */
  void setBlockEpoch() throws UnsupportedException {
    if (!input.stateBefore().isBlocked()) {
      return;
    }
    String tracked = input.tracked();
    long epoch = epoch();
    long bepoch;
    switch (tracked) {
      case "no",
          "no:track_before_block",
          "no:vcpu_inside_since_epoch_before_block_second_track_busy" ->
          bepoch = epoch;
      case "yes",
          "no:vcpu_inside_since_block_epoch",
          "no:vcpu_entered_after_block_before_track",
          "yes:vcpu_entered_after_track",
          "yes:vcpu_entered_in_block_epoch_then_exited_after_track" ->
          bepoch = epoch - 1;
      case "yes:two_tracks", "yes:two_tracks_vcpu_inside_current_epoch" -> bepoch = epoch - 2;
      case "no:bepoch_migration_flag" -> bepoch = epoch - 1 | MIGRATION_FLAG;
      default -> throw new UnsupportedException("tracking '" + tracked + "'");
    }
    machine.state.setBepoch(blockLevel(), blockPage(), bepoch);
  }

  /** Epoch and counts from the record: the call changes them only as it says. */
  void takeRecordedEpochs() throws BadInputException {
    long epoch = input.record().integer("td_epoch", 1, Long.MAX_VALUE);
    boolean advances = input.leaf() == TdxLeaf.MEM_TRACK && input.succeeded();
    List<Long> counts = input.record().integers("refcount", 0, Integer.MAX_VALUE);
    machine.state.setEpochs(
        machine.td,
        advances ? epoch - 1 : epoch,
        counts.isEmpty() ? 0 : counts.get(0).intValue(),
        counts.size() < 2 ? 0 : counts.get(1).intValue());
  }

  /** A second TD, which has no keys yet. */
  TrustDomain addTdWithoutKeys() {
    TrustDomain other = machine.addTd();
    machine.state.setLifecycle(other, Lifecycle.HKID_ASSIGNED, false);
    return other;
  }
}
