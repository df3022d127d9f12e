package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;

/** A second call, made while the first holds its locks and has changed nothing yet. */
final class InnerCall {
  private static final long SMALL_PAGE = 0x1_0068_0000L;
  private static final long LARGE_PAGE = 0x1_00a0_0000L;
  private static final long SMALL_R8 = 0x1_0048_0000L;
  private static final long LARGE_R8 = 0x1_0600_0000L;
  private static final long FIRST_EPOCH = 1;

  private final CaseState outer;
  private final TdxMachine machine;
  private final TdxLeaf leaf;
  private final int level;
  private final boolean sameEntry;
  private final long gpa;
  private final SeamcallRegisters call = new SeamcallRegisters();

  private long outerEntry;
  private String statusName = "none";
  private long status;

  private InnerCall(CaseState outer, TdxLeaf leaf, int level, boolean sameEntry, long gpa) {
    this.outer = outer;
    this.machine = outer.machine;
    this.leaf = leaf;
    this.level = level;
    this.sameEntry = sameEntry;
    this.gpa = gpa;
  }

  static InnerCall read(CaseState outer) throws BadInputException, UnsupportedException {
    RecordNode record = outer.input.record();
    TdxLeaf leaf = CaseRecord.leaf(record.text("inner_op"));
    int level = (int) record.integer("inner_level", 0, TdxMachine.TOP);
    if (leaf == TdxLeaf.GUEST_ACCESS || level > 1) {
      throw new UnsupportedException("an inner " + record.text("inner_op") + " of level " + level);
    }
    String where = record.text("inner_where");
    long distance =
        switch (where) {
          case "same_entry" -> 0;
          case "sibling_entry" -> CaseState.bytes(Math.max(level, outer.input.level()));
          case "other_subtree" -> CaseState.bytes(2);
          default -> throw new UnsupportedException("an inner call on '" + where + "'");
        };
    return new InnerCall(outer, leaf, level, distance == 0, CaseState.GPA + distance);
  }

  private SeptState stateBefore() {
    return switch (leaf) {
      case MEM_RANGE_BLOCK, MEM_SEPT_RD -> SeptState.MAPPED;
      case MEM_RANGE_UNBLOCK, MEM_PAGE_REMOVE, MEM_PAGE_RELOCATE, MEM_PAGE_DEMOTE ->
          SeptState.BLOCKED;
      case MEM_SEPT_REMOVE, MEM_PAGE_PROMOTE -> SeptState.NL_BLOCKED;
      case GUEST_ACCEPT -> SeptState.PENDING;
      default -> SeptState.FREE;
    };
  }

  /** Whether its own entry was blocked and tracked for it. */
  boolean isBlocked() {
    return !sameEntry && stateBefore().isBlocked();
  }

  /** Sets up its entry, before that of the outer call. */
  void prepare() {
    SeptState before = stateBefore();
    if (sameEntry) {
      return;
    }
    outer.addTables(gpa, level);
    long page = level == 0 ? SMALL_PAGE : LARGE_PAGE;
    if (before.isNonLeaf()) {
      page = outer.takeTable();
      outer.place(gpa, level, SeptEntry.makeTable(before, page));
    } else if (before.isLeaf()) {
      outer.place(gpa, level, SeptEntry.makeLeaf(before, page));
    }
    if (leaf == TdxLeaf.MEM_PAGE_PROMOTE) {
      for (int i = 0; i < TdxMachine.ENTRIES; i++) {
        long offset = i * TdxMachine.PAGE;
        outer.place(gpa + offset, 0, SeptEntry.makeLeaf(SeptState.MAPPED, LARGE_PAGE + offset));
      }
    }
    if (before.isBlocked()) {
      machine.state.setBepoch(before.isNonLeaf() ? 0 : level, page, FIRST_EPOCH);
    }
  }

  /** Makes the call; for the window of the outer one. */
  void run() {
    outerEntry = machine.state.entry(machine.td, CaseState.GPA, outer.input.level());
    if (leaf == TdxLeaf.GUEST_ACCEPT) {
      accept();
    } else {
      call.rax = leaf.number();
      boolean tracks = leaf == TdxLeaf.MEM_TRACK;
      call.rcx = tracks ? TdxMachine.TDR : gpa | level;
      call.rdx = tracks ? 0 : TdxMachine.TDR;
      call.r8 = leaf == TdxLeaf.MEM_PAGE_AUG && level == 1 ? LARGE_R8 : SMALL_R8;
      status = machine.module.seamcall(call);
      statusName = SeamcallStatus.describe(status);
    }
  }

  private void accept() {
    TdVcpu vcpu = machine.vcpus.get(1);
    if (!machine.state.tryEnter(vcpu)) {
      throw new IllegalStateException("the second vCPU cannot enter");
    }
    GuestOutcome outcome = machine.module.guest().accept(vcpu, gpa | level);
    boolean hasExited = outcome == GuestOutcome.TD_EXIT;
    status = hasExited ? vcpu.exitRax() : vcpu.guestRax();
    statusName = hasExited ? CaseCall.TD_EXIT : SeamcallStatus.describe(status);
    if (vcpu.isInside()) {
      machine.module.guest().exit(vcpu, 0);
    }
  }

  void describe(ObjectNode found) {
    found.put("inner_status_name", statusName);
    found.set("inner_status", TdxWords.hex(status));
    found.set("inner_rcx", TdxWords.hex(call.rcx));
    found.set("inner_rdx", TdxWords.hex(call.rdx));
    found.set("outer_entry_during", TdxWords.hex(outerEntry));
    found.put("outer_state_during", TdxWords.stateName(outerEntry));
    found.put(
        "inner_entry_state_after", TdxWords.stateName(machine.state.entry(machine.td, gpa, level)));
  }
}
