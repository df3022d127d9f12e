package dev.septum;

import java.util.Random;

/** Random numbers whose seed is printed; {@code -Dseptum.seed=N} runs a test again with it. */
public final class Seeds {
  private static final String PROPERTY = "septum.seed";

  private Seeds() {}

  /** Random numbers for one test. */
  public static Random random(String test) {
    return new Random(seed(test));
  }

  /** A seed, for those who need several sources of random numbers. */
  public static long seed(String test) {
    long seed = Long.getLong(PROPERTY, System.nanoTime());
    System.out.println(test + ": -D" + PROPERTY + "=" + seed);
    return seed;
  }
}
