package dev.septum.simulator.conform.tdx;

import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.GuestLeaves;
import dev.septum.tdx.Lifecycle;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxModule;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of which variants are made, and what each changes in the state in which a case begins,
 * or in its operands. A word that is not here makes the case unsupported.
 */
final class CaseVariant {
  private static final long FREE_PAGE = 0x1_00e0_0000L;
  private static final long OTHER_LARGE_PAGE = 0x1_00c0_0000L;
  private static final long OUTSIDE = 0x10_0000_0000L;
  private static final long HALF = 0x800;
  private static final long KEY_BIT = 1L << ModuleConfig.PHYSICAL_BITS;
  private static final int SOME_PAGE = 5;
  private static final int TOUCHES = 9;
  private static final int FIRST_RESERVED = 24;
  private static final long SHARED_BIT = 1L << 47;
  private static final long RESERVED_BIT = 1L << 11;
  private static final Pattern AND = Pattern.compile("_vs_|_and_");

  private CaseVariant() {}

  /** What a word does; its groups are those of its pattern. */
  private interface Change {
    void apply(CaseState state, MatchResult word) throws UnsupportedException;
  }

  private record Word(Pattern pattern, Change change) {}

  private static Word word(String pattern, Change change) {
    return new Word(Pattern.compile(pattern), change);
  }

  /** What the fields say as well, or the call finds by itself. */
  private static final Pattern SAID_ELSEWHERE =
      Pattern.compile(
          "base|tracking|op_state_sweep\\w*|walk_ends_at_level_[0-9]|op_state_incorrect|esi"
              + "|already_blocked|not_blocked|not_tracked|entry_locked|entry_busy|entry_lock_held|tdhp_set"
              + "|entry_tdhp_set_lock_free|poked_migration_state_\\w+|pending_ve_disable=[01]"
              + "|stale_bepoch_planted|bad_level|resume_after_interrupt_at_check_[0-9]+"
              + "|partial_accept_[0-9]+_pages_then_\\w+|requested_level_[0-9]_\\w*entry_level_[0-9]"
              + "|pending");

  private static final List<Word> WORDS =
      List.of(
          // Children.
          word("children_(\\w+)", (s, w) -> new CaseChildren(s).fill(w.group(1))),
          word("invalid_children", (s, w) -> new CaseChildren(s).fill("mixed_mapped_one_pending")),
          word(
              "invalid_child([0-9]{1,3})",
              (s, w) -> new CaseChildren(s).fillWith(number(w), SeptState.PENDING)),
          word("page_not_free", (s, w) -> new CaseChildren(s).fill("free_but_one_mapped")),
          word(
              "child([0-9]{1,3})_dirty_bit_set",
              (s, w) -> new CaseChildren(s).mark(number(w), SeptEntry.DIRTY)),
          word(
              "child([0-9]{1,3})_accessed_bit_set",
              (s, w) -> new CaseChildren(s).mark(number(w), SeptEntry.ACCESSED)),
          // The TD.
          word("lifecycle_(\\w+)", CaseVariant::setLifecycle),
          word(
              "tdcs_pages_missing",
              (s, w) ->
                  s.machine.state.setLifecycle(s.machine.td, Lifecycle.KEYS_CONFIGURED, false)),
          // RAX.
          word("rax_version([0-9])", (s, w) -> s.version = number(w)),
          word(
              "rax_bit([0-9]{2})_reserved",
              (s, w) -> s.reservedRax = 1L << Math.max(number(w), FIRST_RESERVED)),
          // RCX.
          word("rcx_level_([0-7])", (s, w) -> s.rcx = CaseState.GPA | number(w)),
          word("(?:rcx_(?:reserved_)?|gpa_(?:shared_)?)bit([0-9]{1,2})", CaseVariant::setBit),
          word("shared_gpa", (s, w) -> s.rcx |= SHARED_BIT),
          word("bad_rcx", (s, w) -> s.rcx |= RESERVED_BIT),
          word("gpa_4k_offset_level1", (s, w) -> s.rcx = CaseState.GPA + TdxMachine.PAGE | 1),
          word("gpa_2m_offset_level2", (s, w) -> s.rcx = CaseState.GPA + CaseState.bytes(1) | 2),
          word("gpa_other_4k_same_level", (s, w) -> {}),
          word("requested_level_([01])_mid_range_entry_level_[0-9]", CaseVariant::moveInside),
          // RDX.
          word("tdr_is_tdcx_page", (s, w) -> s.rdx = TdxMachine.TDR + TdxMachine.PAGE),
          word("tdr_not_in_tdmr", (s, w) -> s.rdx = OUTSIDE),
          word("tdr_other_td_without_keys", (s, w) -> s.rdx = s.addTdWithoutKeys().tdr()),
          word("tdr_inside_2m_reg_page", CaseVariant::setTdrInsidePage),
          word("tdr_is_free_page", (s, w) -> s.rdx = FREE_PAGE),
          word("tdr_unaligned_0x800", (s, w) -> s.rdx |= HALF),
          word("tdr_hkid_bits_set", (s, w) -> s.rdx |= KEY_BIT),
          word("tdr_bit([01])_set", (s, w) -> s.rdx |= 1L << number(w)),
          // R8.
          word("r8_unaligned_0x800", (s, w) -> s.r8 |= HALF),
          word("r8_not_in_tdmr", (s, w) -> s.r8 = OUTSIDE),
          word("r8_is_ept_page|bad_r8", (s, w) -> s.r8 = TdxMachine.TABLES),
          word("r8_is_tdcx_page", CaseVariant::giveControlPage),
          word("r8_inside_1g_reg_page", CaseVariant::givePartOfHugePage),
          word("r8_range_has_one_4k_reg", CaseVariant::giveUsedRange),
          word("r8_null_pa", (s, w) -> s.r8 = TdxModule.NULL_PA),
          word("r8_bit63", (s, w) -> s.r8 |= 1L << 63),
          word(
              "r8_inside_page_being_demoted",
              (s, w) -> s.r8 = s.blockPage() + SOME_PAGE * TdxMachine.PAGE),
          word("(?:pending_)?same_hpa(?:_in_build)?", (s, w) -> s.r8 = s.blockPage()),
          word(
              "allow_existing=([01]),version=([01]),r8=(page|(?i:null)\\w*)",
              CaseVariant::setFlags),
          // R9.
          word("r9_private_hkid", (s, w) -> s.r9 |= KEY_BIT),
          word("r9_in_tdmr_shared_hkid0", (s, w) -> s.r9 = FREE_PAGE),
          word("r9_in_seamrr", (s, w) -> unknown("where the module's own memory lies (R9)")),
          word("bad_r9", (s, w) -> unknown("what is bad in R9")),
          // Interrupts.
          word("interrupt|(?:nmi|smi|other)_pending_host_IF[01]", (s, w) -> s.interruptFrom = 0),
          word("intr_pending_host_IF([01])", (s, w) -> s.interruptFrom = number(w) - 1),
          // Calls before.
          word("zero_step_(?:same_rip|accept)_violation_([0-9]{1,2})", CaseVariant::repeat),
          word("zero_step_same_rip_new_gpa", CaseVariant::touchElsewhere),
          word("tdhp_set_second_call_(before|after)_timeout", CaseVariant::callAgain));

  /** Changes a prepared state as the variant of its case says. */
  static void apply(CaseState state) throws UnsupportedException {
    for (String part : parts(state.input.variant())) {
      if (!isApplied(state, part)
          && !new CaseLocks(state).hold(part)
          && !SAID_ELSEWHERE.matcher(part).matches()) {
        throw new UnsupportedException("variant '" + part + "' of the set " + state.input.set());
      }
    }
  }

  /** The parts of a variant. */
  static List<String> parts(String variant) {
    return List.of(AND.split(variant, -1));
  }

  private static boolean isApplied(CaseState state, String part) throws UnsupportedException {
    int children = part.indexOf("_children_");
    if (children >= 0) {
      new CaseChildren(state).fill(part.substring(children + "_children_".length()));
      return true;
    }
    for (Word word : WORDS) {
      Matcher matcher = word.pattern.matcher(part);
      if (matcher.matches()) {
        word.change.apply(state, matcher);
        return true;
      }
    }
    return false;
  }

  /** Whether a variant says what the children are. */
  static boolean namesChildren(String variant) {
    return variant.contains("children")
        || variant.contains("invalid_child")
        || variant.contains("page_not_free");
  }

  private static int number(MatchResult word) {
    return Integer.parseInt(word.group(1));
  }

  private static void unknown(String what) throws UnsupportedException {
    throw new UnsupportedException("the record does not say " + what);
  }

  private static void setLifecycle(CaseState state, MatchResult word) throws UnsupportedException {
    for (Lifecycle lifecycle : Lifecycle.values()) {
      if (lifecycle.name().equals(word.group(1))) {
        state.machine.state.setLifecycle(state.machine.td, lifecycle, true);
        return;
      }
    }
    throw new UnsupportedException("life cycle " + word.group(1));
  }

  private static void setBit(CaseState state, MatchResult word) {
    state.rcx |= 1L << number(word);
  }

  private static void moveInside(CaseState state, MatchResult word) {
    final long small = 0x7000;
    final long large = 0x60_0000;
    state.rcx += number(word) == 0 ? small : large;
  }

  private static void setTdrInsidePage(CaseState state, MatchResult word) {
    state.addPage(1, OTHER_LARGE_PAGE);
    state.rdx = OTHER_LARGE_PAGE + TdxMachine.PAGE;
  }

  private static void giveControlPage(CaseState state, MatchResult word) {
    state.addTdWithoutKeys();
    state.r8 = TdxMachine.TDR + TdxMachine.PAGE;
  }

  /** A 1G page takes a merge to make, and the merge a TRACK. */
  private static void givePartOfHugePage(CaseState state, MatchResult word) {
    for (int i = 0; i < TdxMachine.ENTRIES; i++) {
      state.addPage(1, CaseState.HUGE_PAGE + i * CaseState.bytes(1));
      state.machine.state.freePage(1, CaseState.HUGE_PAGE + i * CaseState.bytes(1));
    }
    state.machine.state.assignPage(2, CaseState.HUGE_PAGE, PageType.REG, state.machine.td);
    state.r8 = CaseState.HUGE_PAGE + CaseState.bytes(1);
    state.setEpoch(state.epoch() + 1);
  }

  private static void giveUsedRange(CaseState state, MatchResult word) {
    state.r8 = CaseState.LARGE_R8;
    state.addPage(0, CaseState.LARGE_R8 + SOME_PAGE * TdxMachine.PAGE);
  }

  private static void setFlags(CaseState state, MatchResult word) {
    state.rdx |= word.group(1).equals("1") ? TdxModule.ALLOW_EXISTING : 0;
    state.version = Integer.parseInt(word.group(2));
    if (!word.group(3).equals("page")) {
      state.r8 = TdxModule.NULL_PA;
    }
  }

  private static void repeat(CaseState state, MatchResult word) {
    state.callsBefore = number(word) - 1;
  }

  private static void touchElsewhere(CaseState state, MatchResult word) {
    state.callsBefore = TOUCHES;
    state.rcx += TdxMachine.PAGE;
  }

  private static void callAgain(CaseState state, MatchResult word) {
    state.callsBefore = 1;
    state.nanosBefore =
        word.group(1).equals("after") ? GuestLeaves.HOST_PRIORITY_TIMEOUT_NANOS + 1 : 1;
  }
}
