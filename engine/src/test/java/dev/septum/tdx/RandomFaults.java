package dev.septum.tdx;

import java.util.Random;

/**
 * Makes things go wrong at random: one try of a lock in so many fails, one check for interrupts in
 * so many finds one. For one thread, or with a source of random numbers that many may use.
 */
final class RandomFaults implements TdxFaults {
  private final Random random;
  private final int busyOneIn;
  private final int interruptedOneIn;
  private volatile boolean off;

  RandomFaults(Random random, int busyOneIn, int interruptedOneIn) {
    this.random = random;
    this.busyOneIn = busyOneIn;
    this.interruptedOneIn = interruptedOneIn;
  }

  /** Of which nothing goes wrong. */
  static RandomFaults none() {
    return new RandomFaults(new Random(0), Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  /** From now on things go wrong; they do from the beginning. */
  void start() {
    off = false;
  }

  /** From now on nothing goes wrong. */
  void stop() {
    off = true;
  }

  @Override
  public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    return !off && random.nextInt(busyOneIn) == 0;
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    return !off && random.nextInt(interruptedOneIn) == 0;
  }

  @Override
  public boolean isPreviousEpochBusy() {
    return !off && random.nextInt(busyOneIn) == 0;
  }
}
