package dev.septum.simulator.input;

/** How a trace is written. */
public enum TraceFormat {
  /** {@code vcpu R|W|X hexgpa} a line. */
  SEPTUM("septum");

  private final String label;

  TraceFormat(String label) {
    this.label = label;
  }

  /** A parser for one trace. */
  LineParser newParser() {
    return switch (this) {
      case SEPTUM -> new SeptumParser();
    };
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
