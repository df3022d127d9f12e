package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;

/** Epochs of blocks that are long gone, planted where a call may find them. */
final class StaleEpochs {
  private StaleEpochs() {}

  static void plant(CaseState state) throws BadInputException {
    RecordNode stale = state.input.record().object("stale");
    SeptState before = state.input.stateBefore();
    int level = state.input.entryLevel();
    if (state.hasBlockPage()) {
      state.machine.state.setBepoch(
          state.blockLevel(), state.blockPage(), epoch(stale, "page_or_table"));
    }
    if (before.isLeaf() && level > 0) {
      plantBelow(state, state.blockPage(), epoch(stale, "page_4k_children"));
    }
    if (before.isNonLeaf() && level <= 2) {
      state.machine.state.setBepoch(level, CaseState.firstPage(level), epoch(stale, "merged_2m"));
      plantBelow(state, CaseState.firstPage(level), epoch(stale, "merged_4k"));
    }
    if (state.input.givesPage()) {
      state.machine.state.setBepoch(state.input.pageLevel(), state.r8, epoch(stale, "r8"));
    }
  }

  private static long epoch(RecordNode stale, String field) throws BadInputException {
    return stale.integer(field, 0, Long.MAX_VALUE);
  }

  private static void plantBelow(CaseState state, long first, long epoch) {
    int below = state.input.entryLevel() - 1;
    for (int i = 0; i < TdxMachine.ENTRIES; i++) {
      state.machine.state.setBepoch(below, first + i * CaseState.bytes(below), epoch);
    }
  }

  static ObjectNode describe(CaseState state) {
    SeptState before = state.input.stateBefore();
    int level = state.input.entryLevel();
    boolean merges = state.input.leaf() == TdxLeaf.MEM_PAGE_PROMOTE && before.isNonLeaf();
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    put(found, state, "page", before.isLeaf(), level, state.blockPage());
    put(found, state, "page_child0", before.isLeaf() && level == 1, 0, state.blockPage());
    put(found, state, "table", before.isNonLeaf(), 0, state.blockPage());
    put(found, state, "r8", state.input.givesPage(), state.input.pageLevel(), state.r8);
    put(found, state, "merged_2m", merges, level, CaseState.firstPage(level));
    put(found, state, "merged_4k0", merges, level - 1, CaseState.firstPage(level));
    return found;
  }

  private static void put(
      ObjectNode found, CaseState state, String field, boolean isThere, int level, long hpa) {
    found.set(
        field,
        isThere ? CaseWords.unsigned(state.machine.state.bepoch(level, hpa)) : JsonNumbers.of(-1));
  }
}
