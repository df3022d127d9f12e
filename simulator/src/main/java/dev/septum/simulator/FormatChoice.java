package dev.septum.simulator;

import dev.septum.simulator.input.TraceFormat;
import org.jspecify.annotations.Nullable;

/** What the user says of a trace's format. */
enum FormatChoice {
  /** Nothing: its lines show it. */
  AUTO(null),
  /** Septum's own. */
  SEPTUM(TraceFormat.SEPTUM),
  /** The kernel's tracepoint. */
  FTRACE(TraceFormat.FTRACE),
  /** Valgrind's. */
  LACKEY(TraceFormat.LACKEY);

  private final @Nullable TraceFormat format;

  FormatChoice(@Nullable TraceFormat format) {
    this.format = format;
  }

  /** The format; null to find it out. */
  @Nullable TraceFormat format() {
    return format;
  }
}
