package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;

/** What the table below a prepared entry holds. */
final class CaseChildren {
  private static final int MIDDLE = 100;
  private static final int LAST = TdxMachine.ENTRIES - 1;
  private static final long ELSEWHERE = 0x1_0600_0000L;
  private static final long SPARE_TABLE = 0x1_0030_0000L;
  private static final long MIGRATION_EPOCH = 1L << 32;
  static final long REMOVED = SeptEntry.makeRemoved(MIGRATION_EPOCH);

  private final CaseState state;
  private final int level;
  private final long bytes;

  /** The children of the prepared entry. */
  CaseChildren(CaseState state) throws UnsupportedException {
    if (!state.input.stateBefore().isNonLeaf()) {
      throw new UnsupportedException("children of an entry that names no table");
    }
    this.state = state;
    this.level = state.input.entryLevel() - 1;
    this.bytes = CaseState.bytes(level);
  }

  /** Fills the table as a variant says; its name is without {@code children_}. */
  void fill(String variant) throws UnsupportedException {
    if (variant.equals("all_free")) {
      return;
    }
    if (level > 1) {
      throw new UnsupportedException("children of 1G");
    }
    switch (variant) {
      case "uniform_mapped" -> all(SeptState.MAPPED, 0);
      case "uniform_pending" -> all(SeptState.PENDING, 0);
      case "all_blocked" -> all(SeptState.BLOCKED, 0);
      case "all_pending_blocked" -> all(SeptState.PENDING_BLOCKED, 0);
      case "all_removed" -> {
        for (int i = 0; i <= LAST; i++) {
          raw(i, REMOVED);
        }
      }
      case "uniform_pending_accept_counter_nonzero" -> {
        all(SeptState.PENDING, 0);
        raw(MIDDLE, SeptEntry.makeLeaf(SeptState.PENDING, hpa(MIDDLE) + MIDDLE * TdxMachine.PAGE));
      }
      case "mapped_contiguous_misaligned_start" -> all(SeptState.MAPPED, 1);
      case "mapped_two_swapped" -> {
        all(SeptState.MAPPED, 0);
        raw(MIDDLE, SeptEntry.makeLeaf(SeptState.MAPPED, hpa(MIDDLE + 1)));
        raw(MIDDLE + 1, SeptEntry.makeLeaf(SeptState.MAPPED, hpa(MIDDLE)));
      }
      case "free_one_removed" -> raw(MIDDLE, REMOVED);
      case "free_but_one_mapped" -> leaf(LAST, SeptState.MAPPED, CaseState.firstPage(level));
      case "mapped_one_nonleaf" -> {
        allBut(MIDDLE, SeptState.MAPPED);
        state.machine.addTable(gpa(MIDDLE), level, SeptState.NL_MAPPED, SPARE_TABLE);
      }
      default -> fillAllButOne(variant);
    }
  }

  private void fillAllButOne(String variant) throws UnsupportedException {
    switch (variant) {
      case "mapped_but_index0_free" -> allBut(0, SeptState.MAPPED);
      case "mapped_but_index511_free" -> allBut(LAST, SeptState.MAPPED);
      case "mapped_index511_elsewhere" -> {
        allBut(LAST, SeptState.MAPPED);
        leaf(LAST, SeptState.MAPPED, ELSEWHERE);
      }
      case "mixed_mapped_one_pending" -> fillWith(MIDDLE, SeptState.PENDING);
      case "mapped_one_blocked" -> fillWith(MIDDLE, SeptState.BLOCKED);
      default -> throw new UnsupportedException("children '" + variant + "'");
    }
  }

  /** Fills the table with MAPPED leaves, but for one. */
  void fillWith(int index, SeptState other) {
    allBut(index, SeptState.MAPPED);
    leaf(index, other, hpa(index));
  }

  /** Fills the table as the record has it after a call that leaves tables alone. */
  void takeRecorded() throws UnsupportedException {
    JsonNode after = state.input.record().json().path("children_after");
    if (after.path(SeptState.FREE.name()).asInt() == TdxMachine.ENTRIES) {
      return;
    }
    if (after.path(SeptState.FREE.name()).asInt() == LAST
        && after.path(SeptState.NL_MAPPED.name()).asInt() == 1) {
      state.machine.addTable(CaseState.GPA, level, SeptState.NL_MAPPED, state.takeTable());
      return;
    }
    for (SeptState uniform : SeptState.values()) {
      if (uniform.isLeaf()
          && after.path(uniform.name()).asInt() == TdxMachine.ENTRIES
          && after.path("contiguous").asBoolean()
          && after.path("first_hpa").asText().equals("0x" + Long.toHexString(hpa(0)))) {
        all(uniform, 0);
        return;
      }
    }
    throw new UnsupportedException("which children a table has");
  }

  private long gpa(int index) {
    return CaseState.GPA + index * bytes;
  }

  private long hpa(int index) {
    return CaseState.firstPage(level + 1) + index * bytes;
  }

  private void all(SeptState leafState, int shift) {
    for (int i = 0; i <= LAST; i++) {
      leaf(i, leafState, hpa(i + shift));
    }
  }

  private void allBut(int index, SeptState leafState) {
    for (int i = 0; i <= LAST; i++) {
      if (i != index) {
        leaf(i, leafState, hpa(i));
      }
    }
  }

  private void leaf(int index, SeptState leafState, long hpa) {
    state.place(gpa(index), level, SeptEntry.makeLeaf(leafState, hpa));
  }

  private void raw(int index, long entry) {
    state.machine.state.setEntry(state.machine.td, gpa(index), level, entry);
  }

  /** Sets bits of one child. */
  void mark(int index, long bits) throws UnsupportedException {
    if (index > LAST) {
      throw new UnsupportedException("child " + index);
    }
    raw(index, state.machine.state.entry(state.machine.td, gpa(index), level) | bits);
  }
}
