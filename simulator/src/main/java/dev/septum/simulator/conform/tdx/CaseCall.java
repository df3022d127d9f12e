package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.Access;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import java.util.List;

/** The call of a case: made, and told of. */
final class CaseCall {
  /** What stands in place of a status when the vCPU has exited. */
  static final String TD_EXIT = "TD_EXIT";

  private static final int VERSION_SHIFT = 16;
  private static final int LEVEL_MASK = 7;

  private final CaseState state;
  private final SeamcallRegisters call = new SeamcallRegisters();

  CaseCall(CaseState state) {
    this.state = state;
  }

  /** What only guests get, or only the host; a record may say that it is not there. */
  private static final List<String> RESULTS = List.of("outcome", "exit", "status", "rcx", "rdx");

  /** Makes the call, and what comes before it; adds what the caller has got back. */
  void run(ObjectNode found) throws UnsupportedException {
    RESULTS.forEach(found::putNull);
    if (state.input.isGuests()) {
      runGuest(found);
    } else {
      runHost();
      describeHost(found);
    }
    found.set("interrupt_checks", JsonNumbers.of(state.machine.faults.checks()));
  }

  private void runHost() {
    call.rax =
        state.input.leaf().number() | (long) state.version << VERSION_SHIFT | state.reservedRax;
    call.rcx = state.rcx;
    call.rdx = state.rdx;
    call.r8 = state.r8;
    call.r9 = state.r9;
    state.machine.faults.interruptFrom(state.interruptFrom);
    state.machine.module.seamcall(call);
  }

  private void describeHost(ObjectNode found) {
    describeStatus(found, call.rax);
    found.set("rcx", TdxWords.hex(call.rcx));
    found.set("rdx", TdxWords.hex(call.rdx));
    found.set("out_r8", TdxWords.hex(call.r8));
    found.set("out_r9", TdxWords.hex(call.r9));
  }

  static void describeStatus(ObjectNode found, long status) {
    found.set("status", TdxWords.hex(status));
    found.put("status_name", SeamcallStatus.describe(status));
  }

  private void runGuest(ObjectNode found) throws UnsupportedException {
    TdVcpu vcpu = state.machine.vcpus.get(0);
    for (int i = 0; i < state.callsBefore; i++) {
      enterAndCall(vcpu, CaseState.GPA | state.rcx & LEVEL_MASK);
    }
    state.machine.sleep(state.nanosBefore);
    describeGuest(found, vcpu, enterAndCall(vcpu, state.rcx));
    found.set("guest_rax_after", TdxWords.hex(vcpu.guestRax()));
    found.set("ve_info_valid", JsonNumbers.of(vcpu.isVeInfoValid() ? 0xffff_ffffL : 0));
    found.set("ve_gpa", TdxWords.hex(vcpu.veGpa()));
    found.set("ve_exit_reason", JsonNumbers.of(vcpu.isVeInfoValid() ? 0x30 : 0));
    found.set("possibly_epf_stepping", JsonNumbers.of(vcpu.violationsWithoutProgress()));
    found.set("last_epf_gpa_list_idx", JsonNumbers.of(vcpu.steppingSuspects()));
  }

  /** The guest does its call, or its touch, at an instruction that it does not get past. */
  private GuestOutcome enterAndCall(TdVcpu vcpu, long rcx) throws UnsupportedException {
    if (!state.machine.state.tryEnter(vcpu)) {
      throw new UnsupportedException("a guest's call while its vCPU cannot enter");
    }
    state.machine.faults.interruptFrom(state.interruptFrom);
    GuestOutcome outcome =
        state.input.leaf() == TdxLeaf.GUEST_ACCEPT
            ? state.machine.module.guest().accept(vcpu, rcx)
            : state.machine.violate(
                vcpu,
                (rcx & ~LEVEL_MASK) + state.offset,
                state.input.writes() ? Access.WRITE : Access.READ);
    if (vcpu.isInside()) {
      state.machine.module.guest().exit(vcpu, 0);
    }
    return outcome;
  }

  private static void describeGuest(ObjectNode found, TdVcpu vcpu, GuestOutcome outcome) {
    switch (outcome) {
      case RETURNED -> {
        found.put("outcome", "return_to_guest");
        describeStatus(found, vcpu.guestRax());
      }
      case NOT_ADVANCED -> found.put("outcome", "rip_not_advanced");
      case INJECTED_VE -> {
        found.put("outcome", "inject_ve");
        found.put("status_name", "inject_ve");
      }
      case INJECTED_DF -> found.put("outcome", "inject_df");
      case TD_EXIT -> {
        found.put("outcome", "td_exit");
        found.set("status", TdxWords.hex(vcpu.exitRax()));
        found.put("status_name", TD_EXIT);
        found.set("exit", CaseWords.exit(vcpu));
      }
    }
  }
}
