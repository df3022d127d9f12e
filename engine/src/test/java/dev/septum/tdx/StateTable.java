package dev.septum.tdx;

import dev.septum.paging.Access;
import java.util.ArrayList;
import java.util.List;

/**
 * What the module makes of each operation on an entry in each state: one cell, by running it in a
 * TD of its own; and the whole table as a page of Markdown.
 */
final class StateTable {
  /** The operations, in the order of the columns. */
  enum Operation {
    SEPT_ADD("SEPT.ADD", TdxLeaf.MEM_SEPT_ADD, 1, 2),
    AUG("AUG", TdxLeaf.MEM_PAGE_AUG, 0, 1),
    BLOCK("BLOCK", TdxLeaf.MEM_RANGE_BLOCK, 0, 2),
    UNBLOCK("UNBLOCK", TdxLeaf.MEM_RANGE_UNBLOCK, 0, 2),
    REMOVE("REMOVE", TdxLeaf.MEM_PAGE_REMOVE, 0, 2),
    DEMOTE("DEMOTE", TdxLeaf.MEM_PAGE_DEMOTE, 1, 2),
    PROMOTE("PROMOTE", TdxLeaf.MEM_PAGE_PROMOTE, 1, 2),
    SEPT_REMOVE("SEPT.REMOVE", TdxLeaf.MEM_SEPT_REMOVE, 1, 2),
    RELOCATE("RELOCATE", TdxLeaf.MEM_PAGE_RELOCATE, 0, 0),
    ACCEPT_SAME("ACCEPT, same level", TdxLeaf.GUEST_ACCEPT, 0, 1),
    ACCEPT_LOWER("ACCEPT, lower level", TdxLeaf.GUEST_ACCEPT, 1, 2),
    ACCESS("guest access", TdxLeaf.GUEST_ACCESS, 0, 2);

    final String title;
    private final TdxLeaf leaf;
    private final int minLevel;
    private final int maxLevel;

    Operation(String title, TdxLeaf leaf, int minLevel, int maxLevel) {
      this.title = title;
      this.leaf = leaf;
      this.minLevel = minLevel;
      this.maxLevel = maxLevel;
    }

    boolean isOfGuest() {
      return leaf == TdxLeaf.GUEST_ACCEPT || leaf == TdxLeaf.GUEST_ACCESS;
    }
  }

  /** The rows: a state that the modelled leaf functions make. */
  static final List<SeptState> STATES =
      List.of(
          SeptState.FREE,
          SeptState.REMOVED,
          SeptState.NL_MAPPED,
          SeptState.NL_BLOCKED,
          SeptState.MAPPED,
          SeptState.BLOCKED,
          SeptState.PENDING,
          SeptState.PENDING_BLOCKED);

  private static final String NONE = "-";

  private final ModuleConfig config;
  private final OpState opState;

  /** Cells of one module, in the build or RUNNABLE. */
  StateTable(ModuleConfig config, OpState opState) {
    this.config = config;
    this.opState = opState;
  }

  /** Whether an entry of a level can be in a state. */
  static boolean exists(SeptState state, int level) {
    return !state.isNonLeaf() || level > 0;
  }

  /**
   * What comes of it: the state behind it if it succeeds, else the error or the exit.
   *
   * @param level of the entry
   * @param tracked whether, if the entry is blocked, an epoch has begun since
   */
  String cell(SeptState state, Operation operation, int level, boolean tracked) {
    if (!exists(state, level) || level < operation.minLevel || level > operation.maxLevel) {
      return NONE;
    }
    TestDomain domain = new TestDomain(config);
    prepare(domain, state, level);
    if (tracked) {
      domain.track();
    }
    return operation.isOfGuest()
        ? guest(domain, operation, level)
        : host(domain, operation.leaf, level);
  }

  // The entry, at gpa 0.

  private void prepare(TestDomain domain, SeptState state, int level) {
    boolean isBlocked = state.isBlocked();
    SeptState unblocked = state.unblocked();
    domain.addTables(0, level);
    switch (unblocked) {
      case FREE, REMOVED -> {}
      case NL_MAPPED -> {
        domain.addTables(0, level - 1);
        fill(domain, level - 1);
      }
      default -> addLeaf(domain, level);
    }
    domain.makeRunnable();
    if (unblocked == SeptState.MAPPED) {
      accept(domain, level);
    }
    if (unblocked == SeptState.NL_MAPPED) {
      acceptAll(domain, level - 1);
    }
    if (isBlocked) {
      domain.done(TdxLeaf.MEM_RANGE_BLOCK, level, 0, 0);
    }
    if (state == SeptState.REMOVED) {
      domain.poke(level, 0, SeptEntry.makeRemoved(1));
    }
    domain.td.setOpState(opState);
  }

  private static void addLeaf(TestDomain domain, int level) {
    if (level < 2) {
      domain.done(TdxLeaf.MEM_PAGE_AUG, level, 0, domain.data(0));
    } else {
      domain.addTables(0, 1);
      fill(domain, 1);
      domain.done(TdxLeaf.MEM_PAGE_PROMOTE, 2, 0, 0);
    }
  }

  private static void fill(TestDomain domain, int level) {
    for (int i = 0; i < domain.geometry.entries(); i++) {
      long gfn = i * domain.pagesOf(level);
      domain.done(TdxLeaf.MEM_PAGE_AUG, level, TestDomain.gpa(gfn), domain.data(gfn));
    }
  }

  private static void acceptAll(TestDomain domain, int level) {
    for (int i = 0; i < domain.geometry.entries(); i++) {
      domain.acceptBriefly(level, TestDomain.gpa(i * domain.pagesOf(level)));
    }
  }

  /** A 1G page cannot be accepted whole: its state is set. */
  private static void accept(TestDomain domain, int level) {
    if (level < 2) {
      domain.acceptBriefly(level, 0);
    } else {
      domain.poke(2, 0, SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(0)));
    }
  }

  // What is made of it.

  private static String host(TestDomain domain, TdxLeaf leaf, int level) {
    long other = domain.data(domain.pagesOf(2));
    boolean takesTable = leaf == TdxLeaf.MEM_SEPT_ADD || leaf == TdxLeaf.MEM_PAGE_DEMOTE;
    long status = domain.run(leaf, level, 0, takesTable ? domain.freshTable() : other);
    if (status != SeamcallStatus.SUCCESS) {
      return name(status);
    }
    SeptState state = SeptEntry.state(domain.entry(level, 0));
    return leaf == TdxLeaf.MEM_PAGE_DEMOTE
        ? state + " over " + SeptEntry.state(domain.entry(level - 1, 0))
        : state.toString();
  }

  /** A status as the tables of this room name it, without {@code TDX_} and the operand. */
  private static String name(long status) {
    return SeamcallStatus.describe(SeamcallStatus.detail(status))
        .replace("TDX_", "")
        .replace("EPT_ENTRY_STATE_INCORRECT", "ESI")
        .replace("GPA_RANGE_NOT_BLOCKED", "NB")
        .replace("GPA_RANGE_ALREADY_BLOCKED", "AB")
        .replace("TLB_TRACKING_NOT_DONE", "ND")
        .replaceAll("\\|.*", "");
  }

  private static String guest(TestDomain domain, Operation operation, int level) {
    TdVcpu vcpu = domain.vcpus.get(0);
    OpState was = domain.td.opState();
    domain.td.setOpState(OpState.RUNNABLE); // to come in
    domain.enter(vcpu);
    domain.td.setOpState(was);
    GuestOutcome outcome =
        switch (operation) {
          case ACCEPT_SAME -> domain.module.guest().accept(vcpu, level);
          case ACCEPT_LOWER -> domain.module.guest().accept(vcpu, level - 1);
          default ->
              domain.module.guest().access(vcpu, 0, Access.READ.bit(), new SeamcallRegisters());
        };
    if (outcome == GuestOutcome.TD_EXIT) {
      return "X(" + exit(vcpu.extendedExitQualification()) + ")";
    }
    if (operation == Operation.ACCESS) {
      return "ok";
    }
    long status = vcpu.guestRax();
    return status == SeamcallStatus.SUCCESS
        ? SeptEntry.state(domain.entry(level, 0)).toString()
        : SeamcallStatus.describe(status).replace("TDX_", "").replace("|", " ");
  }

  private static String exit(long extended) {
    return switch (ExitQualification.type(extended)) {
      case ExitQualification.ACCEPT -> "accept";
      case ExitQualification.PENDING_EPT_VIOLATION -> "pending";
      default -> "0";
    };
  }

  // The page.

  /** A row of the table: what a state gives, for each operation. */
  private List<String> row(SeptState state, int level, boolean tracked) {
    List<String> cells = new ArrayList<>();
    for (Operation operation : Operation.values()) {
      cells.add(cell(state, operation, level, tracked));
    }
    return cells;
  }

  /** The table of a level, in Markdown. */
  String markdown(int level) {
    StringBuilder text = new StringBuilder("| state |");
    for (Operation operation : Operation.values()) {
      text.append(' ').append(operation.title).append(" |");
    }
    text.append("\n|---|").append("---|".repeat(Operation.values().length)).append('\n');
    for (SeptState state : STATES) {
      if (!exists(state, level)) {
        continue;
      }
      boolean isTelling = state.isBlocked() && opState.isTrackingRequired();
      List<String> cells = row(state, level, false);
      append(text, isTelling ? state + ", not tracked" : state.toString(), cells);
      if (isTelling) {
        append(text, state + ", tracked", row(state, level, true));
      }
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String head, List<String> cells) {
    text.append("| ").append(head).append(" |");
    for (String cell : cells) {
      text.append(' ').append(cell).append(" |");
    }
    text.append('\n');
  }
}
