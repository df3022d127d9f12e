package dev.septum.jmh;

import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * One thread, its registers, its vCPU and its part of each round.
 *
 * <p>An operation is a call that succeeds. One that finds a lock busy is made again at once, until
 * it succeeds, and all its tries are in the time of the operation; how many were lost is counted.
 */
@State(Scope.Thread)
public abstract class TdxWorker extends RoundWorker {
  /** Tries that found a lock busy. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Tries {
    private long lost;
    private long operations;
    private int threads;

    /** Counts anew. */
    @Setup(Level.Iteration)
    public void clear(ThreadParams params) {
      threads = params.getThreadCount();
      lost = 0;
      operations = 0;
    }

    /** Tries lost for each operation, in an iteration; JMH adds the threads up. */
    public double busy() {
      return operations == 0 ? 0 : (double) lost / operations / threads;
    }
  }

  TdxMachine machine;
  TdVcpu vcpu;
  final SeamcallRegisters call = new SeamcallRegisters();

  private Tries tries = new Tries();

  /** Joins the machine; the first thread fills it. */
  @Setup
  public void join(TdxMachine joined, Tries counted, ThreadParams params) {
    machine = joined;
    tries = counted;
    join(params);
  }

  /** Starts a round; the vCPU may be another than in the last. */
  @Setup(Level.Invocation)
  public void nextRound() {
    startAt(machine.barrier);
    vcpu = machine.vcpus[part];
  }

  /** A leaf function for each small gfn of this thread. */
  final void each4k(TdxLeaf leaf) {
    for (int i = 0; i < TdxMachine.SMALL; i++) {
      run(leaf, TdxMachine.PG_4K, TdxMachine.gpa4k(part, i), machine.page4k(part, i));
    }
  }

  /** A leaf function for each large gfn of this thread. */
  final void each2m(TdxLeaf leaf) {
    for (int i = 0; i < TdxMachine.LARGE; i++) {
      long page = TdxMachine.operand2m(leaf, part, i);
      run(leaf, TdxMachine.PG_2M, TdxMachine.gpa2m(part, i), page);
    }
  }

  /** A leaf function for each small page of this thread, by its host address. */
  final void eachPage4k(TdxLeaf leaf) {
    for (int i = 0; i < TdxMachine.SMALL; i++) {
      run(leaf, machine.page4k(part, i));
    }
  }

  private void run(TdxLeaf leaf, int level, long gpa, long page) {
    long status;
    do {
      status = machine.module.seamcall(call, leaf, level, gpa, machine.td, page);
    } while (isBusy(status));
    done(leaf, status);
  }

  /** A leaf function whose operand is in RCX. */
  final void run(TdxLeaf leaf, long rcx) {
    long status;
    do {
      status = machine.module.seamcall(call, leaf, rcx);
    } while (isBusy(status));
    done(leaf, status);
  }

  private boolean isBusy(long status) {
    if (SeamcallStatus.detail(status) != SeamcallStatus.OPERAND_BUSY) {
      return false;
    }
    tries.lost++;
    return true;
  }

  private void done(TdxLeaf leaf, long status) {
    TdxMachine.check(leaf, status);
    tries.operations++;
  }
}
