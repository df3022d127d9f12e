package dev.septum.simulator.soak;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.PersistentVcpu.Outcome;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.BitSet;

/** A vCPU of a normal VM, which stays in the guest for a batch of accesses. */
final class NormalGuest extends SoakThread {
  private static final int BATCH = 16;
  private static final int SLICE = 8;

  private final VirtualMachine vm;
  private final GfnRange kept;
  private final BitSet written = new BitSet();
  private final long[] accesses = new long[BATCH];
  private final Operation[] operations = new Operation[BATCH];
  private final long[] numbers = new long[BATCH];
  private Vcpu vcpu;
  private long staleBefore;

  /**
   * A vCPU.
   *
   * @param kept what is never unmapped: which of its pages were written is noted
   */
  NormalGuest(
      VirtualMachine vm, Choices choices, OperationLog log, GfnRange kept, SoakMachine machine) {
    super(choices, log, SLICE, 0, machine);
    this.vm = vm;
    this.kept = kept;
    this.vcpu = vm.newVcpu();
  }

  @Override
  void step() {
    int count = 0;
    while (count < BATCH) {
      choices().next();
      Operation operation = choices().operation();
      GfnRange range = choices().range();
      long number = log().begin(operation, range.start(), range.pages());
      if (!operation.isAccess()) {
        run(count);
        log().end(number, perform(operation, range));
        return;
      }
      numbers[count] = number;
      operations[count] = operation;
      accesses[count++] = GuestAccess.of(range.start() << Geometry.PAGE_SHIFT, access(operation));
    }
    run(count);
  }

  private void run(int count) {
    for (int at = 0; at < count; at++) {
      int reached = vcpu.run(accesses, at, count);
      for (; at < reached; at++) {
        note(at);
      }
      if (at == count) {
        return;
      }
      long gfn = GuestAccess.gfn(accesses[at]);
      log().end(numbers[at], Outcome.MMIO.ordinal());
      if (vcpu.exit() != VcpuExit.MMIO || !SoakPlan.PLACES.contains(gfn)) {
        state().fail(String.format("%s: exit %s at gfn 0x%x", log().thread(), vcpu.exit(), gfn));
        return;
      }
    }
  }

  private void note(int at) {
    log().end(numbers[at], Outcome.MADE.ordinal());
    long gfn = GuestAccess.gfn(accesses[at]);
    if (operations[at] == Operation.WRITE && kept.contains(gfn)) {
      written.set((int) gfn);
    }
  }

  static Access access(Operation operation) {
    return switch (operation) {
      case READ -> Access.READ;
      case WRITE -> Access.WRITE;
      default -> Access.EXECUTE;
    };
  }

  /** Another vCPU takes the place of this one. */
  @Override
  long perform(Operation operation, GfnRange range) {
    vcpu.close();
    staleBefore += vcpu.staleUses();
    vcpu = vm.newVcpu();
    return 1;
  }

  BitSet written() {
    return written;
  }

  long staleUses() {
    return staleBefore + vcpu.staleUses();
  }
}
