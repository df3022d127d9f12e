package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;

/** The module's own walk to what a guest address is backed by. */
final class TranslateCase {
  private static final long OFFSET = 0x123;
  private static final int MOST_RWX = 7;
  private static final int MOST_LEVEL = 2;

  private TranslateCase() {}

  static void run(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    int level = (int) record.integer("level", 0, MOST_LEVEL);
    int wanted = (int) record.integer("access_rwx", 1, MOST_RWX);
    SeptState before = state(record.text("state_before"));
    TdxMachine machine = new TdxMachine(OpState.RUNNABLE, true, TdxMachine.leastControlPages());
    for (int above = TdxMachine.TOP; above > level; above--) {
      machine.addTable(CaseState.GPA, above, SeptState.NL_MAPPED, TdxMachine.tableBelow(above));
    }
    if (before.isNonLeaf()) {
      machine.addTable(CaseState.GPA, level, before, TdxMachine.tableBelow(level));
    } else {
      machine.state.setEntry(machine.td, CaseState.GPA, level, entry(before, level));
    }
    SeamcallRegisters place = new SeamcallRegisters();
    long entry = machine.module.guest().walk(machine.vcpus.get(0), CaseState.GPA + OFFSET, place);
    int rwx = SeptEntry.state(entry).isLeaf() ? SeptEntry.rwx(entry) : 0;
    boolean allowed = rwx != 0 && (rwx & wanted) == wanted;
    int end = machine.module.guest().walkLevel(place);
    found.put("state_before", before.name());
    found.put("result", allowed ? "EPT_WALK_SUCCESS" : "EPT_WALK_VIOLATION");
    found.set(
        "hpa",
        TdxWords.hex(allowed ? SeptEntry.pageHpa(entry, end, TdxMachine.GEOMETRY) + OFFSET : 0));
    found.set("accumulated_rwx", JsonNumbers.of(rwx));
  }

  private static SeptState state(String name) throws UnsupportedException {
    for (SeptState state : SeptState.values()) {
      if (state.name().equals(name)) {
        return state;
      }
    }
    throw new UnsupportedException("entry state " + name);
  }

  private static long entry(SeptState state, int level) {
    return switch (state) {
      case FREE -> SeptEntry.FREE;
      case REMOVED -> CaseChildren.REMOVED;
      default -> SeptEntry.makeLeaf(state, CaseState.firstPage(level));
    };
  }
}
