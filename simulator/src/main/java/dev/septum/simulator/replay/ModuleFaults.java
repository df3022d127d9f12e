package dev.septum.simulator.replay;

import dev.septum.memory.AllocationFaults;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import dev.septum.vm.TrustDomainHost;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What is made to go wrong in the module and in guest memory while a run lasts, each thread by
 * chance of its own. No lock is found held while every vCPU is kept out: then the engine is
 * promised that none is.
 */
public final class ModuleFaults implements TdxFaults, AllocationFaults {
  private final double[] probabilities;
  private final LongAdder[] struck;
  private final ThreadLocal<SplittableRandom> randoms;
  private volatile @Nullable TrustDomainHost armed;

  /**
   * Nothing goes wrong before {@link #arm}.
   *
   * @param rates with which probability each kind strikes; what is missing never does
   */
  public ModuleFaults(Map<Injection, Double> rates, long seed) {
    this.struck = new LongAdder[Injection.values().length];
    this.probabilities = new double[Injection.values().length];
    for (Injection kind : Injection.values()) {
      probabilities[kind.ordinal()] = rates.getOrDefault(kind, 0.0);
      struck[kind.ordinal()] = new LongAdder();
    }
    SplittableRandom root = new SplittableRandom(seed + 1);
    this.randoms =
        ThreadLocal.withInitial(
            () -> {
              synchronized (root) {
                return root.split();
              }
            });
  }

  /** From here on things go wrong. */
  public void arm(TrustDomainHost host) {
    armed = host;
  }

  /** Nothing goes wrong any more. */
  public void disarm() {
    armed = null;
  }

  /** How often something went wrong; exact at rest. */
  public long count(Injection kind) {
    return struck[kind.ordinal()].sum();
  }

  private boolean strikes(Injection kind) {
    double probability = probabilities[kind.ordinal()];
    TrustDomainHost host = armed;
    if (probability == 0 || host == null || randoms.get().nextDouble() >= probability) {
      return false;
    }
    if (kind == Injection.BUSY && host.excludesVcpus()) {
      return false;
    }
    struck[kind.ordinal()].increment();
    return true;
  }

  @Override
  public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    return strikes(Injection.BUSY);
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    return strikes(Injection.INTERRUPTED);
  }

  @Override
  public boolean isPreviousEpochBusy() {
    return strikes(Injection.EPOCH_BUSY);
  }

  @Override
  public boolean fails() {
    return strikes(Injection.NO_MEMORY);
  }
}
