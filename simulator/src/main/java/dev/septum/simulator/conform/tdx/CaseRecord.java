package dev.septum.simulator.conform.tdx;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import org.jspecify.annotations.Nullable;

/**
 * What a case says of its call and of the state before it.
 *
 * @param leaf GUEST_ACCESS for a touch, which is no leaf function
 * @param writes of a touch: whether it writes
 * @param level that the recorder names, and walks to
 * @param entryLevel of the prepared entry
 * @param requestedLevel the level asked for
 * @param step its place in a sequence, from 1; 0 if it is a case of its own
 */
record CaseRecord(
    RecordNode record,
    String set,
    String op,
    TdxLeaf leaf,
    boolean writes,
    int level,
    int entryLevel,
    int requestedLevel,
    OpState opState,
    long entryBefore,
    SeptState stateBefore,
    String tracked,
    String variant,
    int step) {
  private static final int MOST_LEVEL = 7;

  static CaseRecord read(RecordNode record) throws BadInputException, UnsupportedException {
    String op = record.text("op");
    int level = (int) record.integer("level", 0, TdxMachine.TOP);
    long entry = record.hex("entry_before");
    SeptState state = SeptEntry.stateOrNull(entry);
    if (state == null) {
      throw new UnsupportedException("an entry that is malformed from the start");
    }
    return new CaseRecord(
        record,
        record.text("set"),
        op,
        leaf(op),
        op.equals("GUEST.WRITE"),
        level,
        (int) record.integer("entry_level", level, TdxMachine.TOP),
        has(record, "requested_level")
            ? (int) record.integer("requested_level", 0, MOST_LEVEL)
            : level,
        TraceConfig.opState(record, "op_state"),
        entry,
        state,
        record.text("tracked"),
        record.text("variant"),
        has(record, "step") ? (int) record.integer("step", 1, Integer.MAX_VALUE) : 0);
  }

  static boolean has(RecordNode record, String field) {
    return record.json().hasNonNull(field);
  }

  boolean has(String field) {
    return has(record, field);
  }

  static TdxLeaf leaf(String op) throws UnsupportedException {
    if (op.equals("GUEST.READ") || op.equals("GUEST.WRITE")) {
      return TdxLeaf.GUEST_ACCESS;
    }
    @Nullable TdxLeaf leaf = TdxWords.leafOrNull(op);
    if (leaf == null) {
      throw new UnsupportedException("operation " + op);
    }
    return leaf;
  }

  boolean isGuests() {
    return leaf == TdxLeaf.GUEST_ACCESS || leaf == TdxLeaf.GUEST_ACCEPT;
  }

  /** Whether R8 is a page that the host gives. */
  boolean givesPage() {
    return switch (leaf) {
      case MEM_SEPT_ADD, MEM_PAGE_ADD, MEM_PAGE_AUG, MEM_PAGE_DEMOTE, MEM_PAGE_RELOCATE -> true;
      default -> false;
    };
  }

  /** The size of that page: a level. */
  int pageLevel() {
    return leaf == TdxLeaf.MEM_PAGE_AUG && level == 1 ? 1 : 0;
  }

  /** How the call has ended, by the record. */
  boolean succeeded() {
    return record.json().path("status").asText().equals("0x0");
  }
}
