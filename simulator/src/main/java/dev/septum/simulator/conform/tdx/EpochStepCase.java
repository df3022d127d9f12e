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
  private static final int EXCLUSIVE = 1;
  private static final int READER = 2;

  private EpochStepCase() {}

  static void run(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    String variant = record.text("variant");
    int word =
        switch (variant) {
          case "epoch_lock_held_exclusive" -> EXCLUSIVE;
          case "epoch_lock_held_shared", "epoch_lock_held_shared_by_one" -> READER;
          case "epoch_lock_free" -> 0;
          default ->
              throw new UnsupportedException("variant '" + variant + "' of VP.ENTER's epoch step");
        };
    TdxMachine machine = new TdxMachine(OpState.RUNNABLE, true, TdxMachine.leastControlPages());
    machine.state.setLock(machine.td, TdxLock.TD_EPOCH, word);
    TdVcpu vcpu = machine.vcpus.get(0);
    found.put("entered", machine.state.tryEnter(vcpu));
    found.set("td_epoch", JsonNumbers.of(machine.td.epochs().epoch()));
    found.set("vcpu_epoch", JsonNumbers.of(vcpu.epoch()));
    found.set("refcount", TdxWords.counts(machine.td.epochs()));
    found.set("epoch_lock_after", JsonNumbers.of(machine.state.lock(machine.td, TdxLock.TD_EPOCH)));
  }
}
