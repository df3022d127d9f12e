package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.TdxLock;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The locks that somebody else holds when a case begins, as its variant names them. */
final class CaseLocks {
  private static final int EXCLUSIVE = 1;
  private static final int HOST_PRIORITY = 2;
  private static final int READER = 4;
  private static final int PLAIN_READER = 2;
  private static final int SOME_PAGE = 100;

  private static final Map<String, Integer> NUMBERS = Map.of("one", 1, "two", 2, "three", 3);
  private static final Pattern HELD =
      Pattern.compile(
          "(?:block_with_)?(?<what>\\w+?)_(?:lock_)?(?:held_|locked_)?"
              + "(?:(?<how>exclusive|shared|busy|locked)(?:_by_(?<count>one|two|three))?"
              + "(?<priority>_host_prio_set)?|(?<free>host_prio_set_free))");
  private static final Pattern CHILD =
      Pattern.compile("child([0-9]{1,3})_(?:entry_lock_held|locked)");

  private final CaseState state;

  CaseLocks(CaseState state) {
    this.state = state;
  }

  /** Holds the lock that a part of a variant names; false if it names none. */
  boolean hold(String part) throws UnsupportedException {
    Matcher child = CHILD.matcher(part);
    if (child.matches()) {
      new CaseChildren(state).mark(Integer.parseInt(child.group(1)), SeptEntry.TDEL);
      return true;
    }
    if (part.equals("parent_entry_lock_held")) {
      int above = state.input.entryLevel() + 1;
      long parent = state.machine.state.entry(state.machine.td, CaseState.GPA, above);
      state.machine.state.setEntry(state.machine.td, CaseState.GPA, above, parent | SeptEntry.TDEL);
      return true;
    }
    Matcher held = HELD.matcher(part);
    return held.matches() && hold(held);
  }

  /** Of a variant that says in words what fields say too: holds the locks that it names. */
  void holdNamed(String variant) throws UnsupportedException {
    for (String part : CaseVariant.parts(variant)) {
      if (!hold(part) && part.contains("lock")) {
        throw new UnsupportedException("lock '" + part + "' of the set " + state.input.set());
      }
    }
  }

  private boolean hold(Matcher held) {
    String what = held.group("what");
    switch (what) {
      case "tree" -> setTd(TdxLock.SEPT_TREE, word(held, what, true));
      case "epoch" -> setTd(TdxLock.TD_EPOCH, word(held, what, true));
      case "op_state" -> setTd(TdxLock.OP_STATE, word(held, what, false));
      case "tdr" -> holdTdr(held);
      case "pamt2m_of_tdr" -> setPage(1, TdxMachine.TDR, word(held, what, false));
      case "pamt1g_of_tdr" -> setPage(2, TdxMachine.TDR, word(held, what, false));
      case "r8", "r8_pamt" -> setPage(state.input.pageLevel(), state.r8, word(held, "r8", false));
      case "r8_pamt2m" -> setPage(1, state.r8, word(held, what, false));
      case "r8_pamt1g" -> setPage(2, state.r8, word(held, what, false));
      case "r8_one_4k_pamt" ->
          setPage(0, state.r8 + SOME_PAGE * TdxMachine.PAGE, word(held, what, false));
      case "page_or_table_pamt", "page_pamt", "table_pamt" -> {
        String recorded = state.input.stateBefore().isNonLeaf() ? "table" : "page";
        setPage(state.blockLevel(), state.blockPage(), word(held, recorded, false));
      }
      case "pamt2m", "merged_2m_pamt", "merged_1g_pamt" ->
          setPage(
              state.input.entryLevel(),
              CaseState.firstPage(state.input.entryLevel()),
              word(held, "page", false));
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Who holds a TDR has walked to it, and holds what lies above it shared. */
  private void holdTdr(Matcher held) {
    int word = word(held, "tdr", false);
    setPage(0, TdxMachine.TDR, word);
    if ((word & HOST_PRIORITY) == 0) {
      int readers = (word & EXCLUSIVE) != 0 ? READER : word;
      setPage(1, TdxMachine.TDR, readers);
      setPage(2, TdxMachine.TDR, readers);
    }
  }

  private void setTd(TdxLock lock, int word) {
    state.machine.state.setLock(state.machine.td, lock, word);
  }

  private void setPage(int level, long hpa, int word) {
    state.machine.state.setPageLock(level, hpa, word);
  }

  /**
   * The word that a lock begins with. How a lock is held that is only called busy is seen from the
   * word afterwards, in which the exclusive bit can neither come nor go.
   */
  private int word(Matcher held, String what, boolean plain) {
    if (held.group("free") != null) {
      return HOST_PRIORITY;
    }
    int priority = held.group("priority") == null ? 0 : HOST_PRIORITY;
    String how = held.group("how");
    boolean isExclusive =
        how.equals("exclusive") || !how.equals("shared") && isExclusiveAfter(what);
    if (isExclusive) {
      return EXCLUSIVE | priority;
    }
    String count = held.group("count");
    int readers = count == null ? 1 : NUMBERS.getOrDefault(count, 1);
    return readers * (plain ? PLAIN_READER : READER) | priority;
  }

  private boolean isExclusiveAfter(String what) {
    JsonNode record = state.input.record().json();
    JsonNode page = record.path("pamt_after").path(what).path("lock");
    JsonNode word = page.isInt() ? page : record.path("locks_after").path(what);
    return !word.isInt() || (word.intValue() & EXCLUSIVE) != 0;
  }
}
