package dev.septum.simulator.replay;

import dev.septum.mmu.TlbFlusher;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Loses flushes on their way to the vCPUs, to see that it is noticed. */
public final class FlushLoss implements TlbFlusher {
  private final TlbFlusher vcpus;
  private final double probability;
  private final long seed;
  private final AtomicLong decisions = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  /**
   * A lossy way to the vCPUs.
   *
   * @param probability how many of all flushes are lost, 0 to 1
   */
  public FlushLoss(TlbFlusher vcpus, double probability, long seed) {
    this.vcpus = vcpus;
    this.probability = probability;
    this.seed = seed;
  }

  @Override
  public void flush(long start, long pages) {
    if (!isLost()) {
      vcpus.flush(start, pages);
    }
  }

  @Override
  public void flushAll() {
    if (!isLost()) {
      vcpus.flushAll();
    }
  }

  /** Passed on; the machine tags the frames itself, whatever is lost here. */
  @Override
  public void released(long start, long pages) {
    vcpus.released(start, pages);
  }

  /** How many were lost. */
  public long lost() {
    return lost.get();
  }

  /** The n-th decision depends on the seed and n alone, whichever thread asks. */
  private boolean isLost() {
    SplittableRandom random = new SplittableRandom(seed + decisions.getAndIncrement());
    if (random.nextDouble() >= probability) {
      return false;
    }
    lost.getAndIncrement();
    return true;
  }
}
