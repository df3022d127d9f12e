package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import java.util.Set;

/**
 * One step of a trace.
 *
 * @param inputs the fields that say what is done; all others say what came of it
 */
record TraceStep(RecordNode record, Set<String> inputs, Action action) {
  private static final Set<String> CALL_INPUTS =
      Set.of("op", "level", "gpa", "r8", "vcpu", "interrupt_from_check");
  private static final int MOST_LEVEL = 7;

  /** What is done. */
  interface Action {
    void run(TdxMachine machine, ObjectNode found) throws UnsupportedException;
  }

  static TraceStep read(RecordNode step, TraceConfig config)
      throws BadInputException, UnsupportedException {
    String op = step.text("op");
    return switch (op) {
      case "VP.ENTER" -> {
        int vcpu = vcpu(step);
        yield new TraceStep(
            step, Set.of("op", "vcpu"), (machine, found) -> enter(machine, vcpu, found));
      }
      case "VP.EXIT" -> {
        int vcpu = vcpu(step);
        yield new TraceStep(
            step, Set.of("op", "vcpu"), (machine, found) -> exit(machine, vcpu, found));
      }
      case "FINALIZE" ->
          new TraceStep(
              step,
              Set.of("op"),
              (machine, found) -> {
                long status =
                    machine.module.seamcall(machine.call, TdxLeaf.MR_FINALIZE, TdxMachine.TDR);
                if (status != SeamcallStatus.SUCCESS) {
                  throw new IllegalStateException(SeamcallStatus.describe(status));
                }
              });
      case "FILL4K" -> readFill(step, config);
      default -> readCall(step, op);
    };
  }

  private static int vcpu(RecordNode step) throws BadInputException {
    return (int) step.integer("vcpu", 0, 1);
  }

  JsonNode operation() {
    ObjectNode operation = JsonNodeFactory.instance.objectNode();
    record
        .json()
        .properties()
        .forEach(
            field -> {
              if (inputs.contains(field.getKey())) {
                operation.set(field.getKey(), field.getValue());
              }
            });
    return operation;
  }

  void run(TdxMachine machine, ObjectNode found) throws UnsupportedException {
    action.run(machine, found);
  }

  // In and out.

  private static void enter(TdxMachine machine, int number, ObjectNode found) {
    TdVcpu vcpu = machine.vcpus.get(number);
    if (!machine.state.tryEnter(vcpu)) {
      throw new IllegalStateException("vCPU " + number + " cannot enter");
    }
    found.set("vcpu_epoch", JsonNumbers.of(vcpu.epoch()));
    found.set("ref", TdxWords.counts(machine.td.epochs()));
  }

  private static void exit(TdxMachine machine, int number, ObjectNode found) {
    machine.module.guest().exit(machine.vcpus.get(number), 0);
    found.set("ref", TdxWords.counts(machine.td.epochs()));
  }

  // All children of an entry.

  private static TraceStep readFill(RecordNode step, TraceConfig config) throws BadInputException {
    long gpa =
        config.gpaBase()
            + step.integer("pde", 0, TraceConfig.DIRECTORY_ENTRIES - 1) * TraceConfig.LARGE_PAGE;
    long region =
        config.regions().get((int) step.integer("region", 0, config.regions().size() - 1));
    boolean accepts = step.truth("accept");
    long skipped = step.integer("accept_skipped_index", -1, TdxMachine.ENTRIES - 1);
    return new TraceStep(
        step,
        Set.of("op", "pde", "region", "accept", "accept_skipped_index"),
        (machine, found) -> {
          TdVcpu vcpu = machine.vcpus.get(0);
          for (int i = 0; i < TdxMachine.ENTRIES; i++) {
            long offset = (long) i << Geometry.PAGE_SHIFT;
            long status = machine.seamcall(TdxLeaf.MEM_PAGE_AUG, 0, gpa + offset, region + offset);
            if (status == SeamcallStatus.SUCCESS && accepts && i != skipped) {
              machine.accept(vcpu, 0, gpa + offset);
            }
          }
          found.set("chldcnt", JsonNumbers.of(machine.td.childCount()));
        });
  }

  // Calls.

  private static TraceStep readCall(RecordNode step, String op)
      throws BadInputException, UnsupportedException {
    boolean reads = op.equals("GUEST.READ");
    boolean writes = op.equals("GUEST.WRITE");
    TdxLeaf leaf = reads || writes ? TdxLeaf.GUEST_ACCESS : TdxWords.leafOrNull(op);
    if (leaf == null) {
      throw new UnsupportedException("operation " + op);
    }
    boolean tracks = leaf == TdxLeaf.MEM_TRACK;
    int level = (int) step.integer("level", tracks ? -1 : 0, MOST_LEVEL);
    int walked = tracks ? (int) step.integer("entry_level", 0, TdxMachine.TOP) : level;
    long gpa = step.hex("gpa");
    long page = step.hex("r8");
    boolean isGuests = leaf == TdxLeaf.GUEST_ACCEPT || leaf == TdxLeaf.GUEST_ACCESS;
    int vcpu = (int) step.integer("vcpu", isGuests ? 0 : -1, 1);
    int interrupt = (int) step.integer("interrupt_from_check", -1, Integer.MAX_VALUE);
    return new TraceStep(
        step,
        CALL_INPUTS,
        (machine, found) -> {
          machine.faults.interruptFrom(interrupt);
          if (leaf == TdxLeaf.GUEST_ACCEPT) {
            TdVcpu guest = machine.vcpus.get(vcpu);
            describeOutcome(found, guest, machine.accept(guest, level, gpa));
          } else if (leaf == TdxLeaf.GUEST_ACCESS) {
            TdVcpu guest = machine.vcpus.get(vcpu);
            machine.advance(guest);
            describeOutcome(
                found, guest, machine.violate(guest, gpa, reads ? Access.READ : Access.WRITE));
            guest.takeVeInfo();
          } else {
            describeStatus(found, machine.seamcall(leaf, level, gpa, page));
            found.set("rcx", TdxWords.hex(machine.call.rcx));
            found.set("rdx", TdxWords.hex(machine.call.rdx));
          }
          machine.faults.interruptFrom(-1);
          TdxWords.describeEntry(found, machine, gpa, walked);
          found.set("chldcnt", JsonNumbers.of(machine.td.childCount()));
          found.set("epoch", JsonNumbers.of(machine.td.epochs().epoch()));
          found.set("ref", TdxWords.counts(machine.td.epochs()));
        });
  }

  private static void describeStatus(ObjectNode found, long status) {
    found.put("res", SeamcallStatus.describe(status));
    found.set("status", TdxWords.hex(status));
  }

  private static void describeOutcome(ObjectNode found, TdVcpu vcpu, GuestOutcome outcome) {
    switch (outcome) {
      case RETURNED -> describeStatus(found, vcpu.guestRax());
      case NOT_ADVANCED -> found.put("res", "RIP_NOT_ADVANCED");
      case INJECTED_VE -> found.put("res", "INJECT_VE");
      case INJECTED_DF -> found.put("res", "INJECT_DF");
      case TD_EXIT -> {
        found.put("res", "TD_EXIT");
        found.set("rax", TdxWords.hex(vcpu.exitRax()));
        found.set("exit_qual", TdxWords.hex(vcpu.exitQualification()));
        found.set("eeq", TdxWords.hex(vcpu.extendedExitQualification()));
        found.set("exit_gpa", TdxWords.hex(vcpu.exitGpa()));
      }
    }
  }
}
