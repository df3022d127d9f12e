package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.tdx.ExitQualification;
import dev.septum.tdx.GuestLeaves;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLock;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** What cases tell of the state behind their call. */
final class CaseWords {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<String> SIZES = List.of("4K", "2M", "1G");
  private static final int REASON_MASK = 0xffff;

  private final CaseState of;
  private final TdxMachine machine;
  private final ModuleState state;

  CaseWords(CaseState of) {
    this.of = of;
    this.machine = of.machine;
    this.state = machine.state;
  }

  /** Adds everything; a record tells of some of it. */
  void describe(ObjectNode found, long childrenBefore) {
    int level = of.input.level();
    long entry = state.entry(machine.td, CaseState.GPA, level);
    int levelAfter = state.entryLevel(machine.td, CaseState.GPA, level);
    found.put("state_before", of.input.stateBefore().name());
    found.set("entry_after", TdxWords.hex(entry));
    found.put("state_after", TdxWords.stateName(entry));
    found.set("level_after", JsonNumbers.of(levelAfter));
    found.set("children_after", TdxWords.children(machine, entry, levelAfter));
    found.set("pamt_after", pages(entry, levelAfter));
    found.set("chldcnt_delta", JsonNumbers.of(machine.td.childCount() - childrenBefore));
    found.set("td_epoch", JsonNumbers.of(of.epoch()));
    found.set("refcount", TdxWords.counts(machine.td.epochs()));
    found.set("locks_after", locks(entry));
    found.set("pamt_locks_after", pageLocks());
    found.set(
        "accept_counter_after",
        JsonNumbers.of(SeptEntry.acceptCounter(entry, levelAfter, TdxMachine.GEOMETRY)));
  }

  // Pages.

  private ObjectNode pages(long entry, int levelAfter) {
    ObjectNode pages = JSON.objectNode();
    SeptState before = of.input.stateBefore();
    if (before.isLeaf()) {
      pages.set("page", page(of.blockLevel(), of.blockPage()));
    } else if (SeptEntry.stateOrNull(entry) != null && SeptEntry.state(entry).isLeaf()) {
      pages.set(
          "page", page(levelAfter, SeptEntry.pageHpa(entry, levelAfter, TdxMachine.GEOMETRY)));
    }
    if (before.isNonLeaf()) {
      pages.set("table", page(0, of.blockPage()));
    }
    if (of.givesUsablePage()) {
      pages.set("r8", page(of.input.pageLevel(), of.r8));
    }
    return pages;
  }

  private ObjectNode page(int level, long hpa) {
    ObjectNode page = JSON.objectNode();
    page.put("size", SIZES.get(level));
    page.put("pt", state.pageType(level, hpa).name());
    page.put("owner_is_tdr", state.pageOwner(level, hpa) == TdxMachine.TDR);
    page.set("bepoch", unsigned(state.bepoch(level, hpa)));
    page.set("lock", JsonNumbers.of(state.pageLock(level, hpa)));
    if (level > 0) {
      int[] below = TdxWords.pagesBelow(machine, level, hpa & -CaseState.bytes(level));
      ObjectNode children = page.putObject("children");
      children.set("REG", JsonNumbers.of(below[0]));
      children.set("NDA", JsonNumbers.of(below[1]));
      children.set("other", JsonNumbers.of(below[2]));
    }
    if (level + 1 < SIZES.size()) {
      page.put("parent_pt", state.pageType(level + 1, hpa).name());
    }
    return page;
  }

  static JsonNode unsigned(long number) {
    return number >= 0
        ? JsonNumbers.of(number)
        : BigIntegerNode.valueOf(new BigInteger(Long.toUnsignedString(number)));
  }

  // Locks.

  private ObjectNode locks(long entry) {
    ObjectNode locks = JSON.objectNode();
    locks.set("tdr", JsonNumbers.of(state.pageLock(0, TdxMachine.TDR)));
    locks.set("op_state", JsonNumbers.of(state.lock(machine.td, TdxLock.OP_STATE)));
    locks.set("tree", JsonNumbers.of(state.lock(machine.td, TdxLock.SEPT_TREE)));
    locks.set("epoch", JsonNumbers.of(state.lock(machine.td, TdxLock.TD_EPOCH)));
    locks.set("entry_tdel", JsonNumbers.of(SeptEntry.isLocked(entry)));
    locks.set("entry_tdhp", JsonNumbers.of((entry & SeptEntry.TDHP) != 0));
    return locks;
  }

  private ObjectNode pageLocks() {
    ObjectNode locks = JSON.objectNode();
    boolean gives = of.givesUsablePage();
    locks.set(
        "page",
        JsonNumbers.of(of.hasBlockPage() ? state.pageLock(of.blockLevel(), of.blockPage()) : 0));
    locks.set("r8", JsonNumbers.of(gives ? state.pageLock(of.input.pageLevel(), of.r8) : 0));
    locks.set("r8_2m", JsonNumbers.of(gives ? state.pageLock(1, of.r8) : 0));
    locks.set("tdr_2m", JsonNumbers.of(state.pageLock(1, TdxMachine.TDR)));
    locks.set("tdr_1g", JsonNumbers.of(state.pageLock(2, TdxMachine.TDR)));
    return locks;
  }

  // What a call may change.

  /** All words that a call of the case could change, and that are not content of pages. */
  List<Long> snapshot() {
    List<Long> words = new ArrayList<>();
    for (int level = TdxMachine.TOP; level >= of.input.level(); level--) {
      long entry = state.entry(machine.td, CaseState.GPA, level);
      words.add(entry);
      if (!namesFirstTable(entry)) {
        break;
      }
    }
    if (of.input.stateBefore().isNonLeaf()) {
      for (long child : state.table(of.entryTable())) {
        words.add(child);
      }
    }
    for (int level = 0; level < SIZES.size(); level++) {
      addPage(words, level, TdxMachine.TDR);
      addPage(words, level, CaseState.firstPage(of.input.entryLevel()));
      if (of.hasBlockPage()) {
        addPage(words, level, of.blockPage());
      }
      if (of.givesUsablePage()) {
        addPage(words, level, of.r8);
      }
    }
    words.add((long) state.lock(machine.td, TdxLock.OP_STATE));
    words.add((long) state.lock(machine.td, TdxLock.SEPT_TREE));
    words.add((long) state.lock(machine.td, TdxLock.TD_EPOCH));
    words.add(of.epoch());
    words.add(machine.td.childCount());
    words.add((long) machine.td.opState().ordinal());
    return words;
  }

  /** Whether an entry names a table that was there from the start: only those were watched. */
  private static boolean namesFirstTable(long entry) {
    SeptState state = SeptEntry.stateOrNull(entry);
    long offset = SeptEntry.tableHpa(entry) - TdxMachine.TABLES;
    return state != null && state.isNonLeaf() && offset >= 0 && offset < CaseState.bytes(1);
  }

  private void addPage(List<Long> words, int level, long hpa) {
    words.add((long) state.pageType(level, hpa).number());
    words.add(state.pageOwner(level, hpa));
    words.add(state.bepoch(level, hpa));
    words.add((long) state.pageLock(level, hpa));
  }

  // Exits.

  static ObjectNode exit(TdVcpu vcpu) {
    long qualification = vcpu.extendedExitQualification();
    int type = ExitQualification.type(qualification);
    ObjectNode exit = JSON.objectNode();
    exit.set("rax", TdxWords.hex(vcpu.exitRax()));
    exit.put("rax_name", SeamcallStatus.describe(SeamcallStatus.detail(vcpu.exitRax())));
    exit.set("exit_reason", JsonNumbers.of(vcpu.exitRax() & REASON_MASK));
    exit.set("exit_qual", TdxWords.hex(vcpu.exitQualification()));
    exit.set("ext_exit_qual", TdxWords.hex(qualification));
    exit.set("eeq_type", JsonNumbers.of(type));
    exit.put("eeq_name", exitName(type));
    exit.set("req_level", JsonNumbers.of(ExitQualification.requestedLevel(qualification)));
    exit.set("err_level", JsonNumbers.of(ExitQualification.foundLevel(qualification)));
    exit.set("err_state", JsonNumbers.of(ExitQualification.foundState(qualification)));
    exit.set("err_is_leaf", JsonNumbers.of(ExitQualification.foundLeaf(qualification)));
    exit.set("vm", JsonNumbers.of(0));
    exit.set("gpa", TdxWords.hex(vcpu.exitGpa()));
    exit.set("last_td_exit", JsonNumbers.of(vcpu.exitRax() != GuestLeaves.EPT_VIOLATION));
    return exit;
  }

  private static String exitName(int type) {
    return switch (type) {
      case ExitQualification.NONE -> "NONE";
      case ExitQualification.ACCEPT -> "ACCEPT";
      case ExitQualification.PENDING_EPT_VIOLATION -> "PENDING_EPT_VIOLATION";
      default -> "" + type;
    };
  }
}
