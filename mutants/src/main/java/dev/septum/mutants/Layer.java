package dev.septum.mutants;

import java.util.Locale;

/** A kind of check, the cheapest first. */
enum Layer {
  /** A JUnit test of the engine or the simulator: a class, or {@code class#method}. */
  JUNIT,
  /** {@code septum conform}, with its arguments: records of the kernel and of the TDX module. */
  CONFORM,
  /** A stress test of jcstress: a class. */
  JCSTRESS;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it needs every CPU, since its threads must meet. */
  boolean wantsAllCpus() {
    return this == JCSTRESS;
  }
}
