package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs cases that are about an entry: sets up their state, makes the call, tells of the rest. */
final class CaseRun {
  private static final long TOUCHED_BYTE = 0x123;

  /** What a sequence has come to. */
  private @Nullable CaseState last;

  void run(CaseRecord input, ObjectNode found) throws BadInputException, UnsupportedException {
    CaseState state;
    InnerCall inner;
    try {
      state = prepare(input);
      inner = input.has("inner_op") ? InnerCall.read(state) : null;
      if (inner != null) {
        inner.prepare();
      }
      if (last != state) {
        setUp(state, inner != null && inner.isBlocked());
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      last = null;
      throw new UnsupportedException("a start that cannot be set up: " + input.variant());
    }
    last = input.step() > 0 ? state : null;
    call(state, inner, found);
    if (input.has("stale")) {
      found.set("bepoch_after", StaleEpochs.describe(state));
    }
  }

  private static void call(CaseState state, @Nullable InnerCall inner, ObjectNode found)
      throws UnsupportedException {
    CaseWords words = new CaseWords(state);
    long childrenBefore = state.machine.td.childCount();
    List<Long> before = words.snapshot();
    long[] content = state.givesUsablePage() ? state.machine.state.table(state.r8) : new long[0];
    if (inner != null) {
      state.machine.faults.inWindow(inner::run);
    }
    new CaseCall(state).run(found);
    words.describe(found, childrenBefore);
    found.put("changed", !before.equals(words.snapshot()));
    found.put(
        "r8_content_changed",
        state.givesUsablePage() && !Arrays.equals(content, state.machine.state.table(state.r8)));
    if (inner != null) {
      inner.describe(found);
    }
  }

  // Preparation.

  private CaseState prepare(CaseRecord input) throws BadInputException {
    CaseState before = last;
    if (before != null && follows(input, before)) {
      CaseState state = new CaseState(input, before);
      state.machine.state.setEntry(
          state.machine.td, CaseState.GPA, input.entryLevel(), input.entryBefore());
      state.takeRecordedEpochs();
      takeRecordedPage(state);
      last = state;
      return state;
    }
    last = null;
    return new CaseState(input, !input.variant().equals("pending_ve_disable=0"));
  }

  /** Whether a step begins as the one before has ended, but for locks that others hold. */
  private static boolean follows(CaseRecord input, CaseState before) {
    if (!before.input.variant().equals(input.variant())
        || before.input.step() + 1 != input.step()) {
      return false;
    }
    int level =
        before.machine.state.entryLevel(before.machine.td, CaseState.GPA, input.entryLevel());
    long entry = before.machine.state.entry(before.machine.td, CaseState.GPA, input.entryLevel());
    return level == input.entryLevel()
        && SeptEntry.withoutLocks(entry) == SeptEntry.withoutLocks(input.entryBefore());
  }

  private static void setUp(CaseState state, boolean afterBlock)
      throws BadInputException, UnsupportedException {
    CaseRecord input = state.input;
    state.prepareEntry();
    if (input.isGuests() && input.set().equals("guest_access")) {
      state.offset = TOUCHED_BYTE;
    }
    if (input.has("in_rcx")) {
      state.rcx = input.record().hex("in_rcx");
    }
    if (input.step() > 0) {
      setUpFromFields(state);
    } else {
      setUpFromWords(state, afterBlock);
    }
  }

  /** The first step of a sequence, or one that goes on from what is not recorded. */
  private static void setUpFromFields(CaseState state)
      throws BadInputException, UnsupportedException {
    state.takeRecordedEpochs();
    takeRecordedPage(state);
    takeRecordedBlock(state);
    if (state.input.stateBefore().isNonLeaf()) {
      new CaseChildren(state).takeRecorded();
    }
  }

  private static void setUpFromWords(CaseState state, boolean afterBlock)
      throws BadInputException, UnsupportedException {
    CaseRecord input = state.input;
    switch (input.set()) {
      case "track", "tracking", "bepoch" -> state.takeRecordedEpochs();
      default -> state.setEpoch(state.ruledEpoch() + (afterBlock ? 1 : 0));
    }
    fillTable(state);
    if (input.set().equals("bepoch")) {
      StaleEpochs.plant(state); // behind the table, whose pages begin with no epoch
    } else {
      state.setBlockEpoch();
    }
    if (input.set().equals("track")) {
      new CaseLocks(state).holdNamed(input.variant());
    } else if (!input.set().equals("concurrent")) {
      CaseVariant.apply(state);
    }
  }

  /** What the table holds where the variant does not say. */
  private static void fillTable(CaseState state) throws UnsupportedException {
    CaseRecord input = state.input;
    if (!input.stateBefore().isNonLeaf() || CaseVariant.namesChildren(input.variant())) {
      return;
    }
    CaseChildren children = new CaseChildren(state);
    if (input.entryLevel() > 2) {
      return;
    }
    if (input.set().equals("walk")) {
      children.fill("free_but_one_mapped");
    } else if (input.leaf() == TdxLeaf.MEM_PAGE_PROMOTE) {
      children.fill("uniform_mapped");
    }
  }

  /** The page that a step of a sequence gave: where it succeeds, it is mapped afterwards. */
  private static void takeRecordedPage(CaseState state) throws BadInputException {
    CaseRecord input = state.input;
    boolean maps = input.leaf() == TdxLeaf.MEM_PAGE_AUG || input.leaf() == TdxLeaf.MEM_PAGE_ADD;
    if (maps && input.succeeded()) {
      state.r8 =
          SeptEntry.pageHpa(input.record().hex("entry_after"), input.level(), TdxMachine.GEOMETRY);
    }
  }

  /** A step of a sequence leaves the epoch of the block as it was, unless it blocks. */
  private static void takeRecordedBlock(CaseState state) {
    SeptState before = state.input.stateBefore();
    JsonNode bepoch =
        state
            .input
            .record()
            .json()
            .path("pamt_after")
            .path(before.isNonLeaf() ? "table" : "page")
            .path("bepoch");
    if (before.isBlocked() && bepoch.canConvertToLong()) {
      state.machine.state.setBepoch(state.blockLevel(), state.blockPage(), bepoch.longValue());
    }
  }
}
