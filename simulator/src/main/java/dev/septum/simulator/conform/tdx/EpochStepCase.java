package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.OpState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLock;

/** The step of VP.ENTER in which a vCPU is counted in, alone. */
final class EpochStepCase {
  private EpochStepCase() {}

  static void run(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    String variant = record.text("variant");
    if (!variant.equals("epoch_lock_held_exclusive")) {
      throw new UnsupportedException("variant '" + variant + "' of VP.ENTER's epoch step");
    }
    TdxMachine machine = new TdxMachine(OpState.RUNNABLE, true, TdxMachine.leastControlPages());
    machine.state.setLock(machine.td, TdxLock.TD_EPOCH, 1);
    TdVcpu vcpu = machine.vcpus.get(0);
    found.put("entered", machine.state.tryEnter(vcpu));
    found.set("td_epoch", JsonNumbers.of(machine.td.epochs().epoch()));
    found.set("vcpu_epoch", JsonNumbers.of(vcpu.epoch()));
    found.set("refcount", TdxWords.counts(machine.td.epochs()));
    found.set("epoch_lock_after", JsonNumbers.of(machine.state.lock(machine.td, TdxLock.TD_EPOCH)));
  }
}
