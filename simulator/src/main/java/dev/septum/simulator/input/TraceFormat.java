package dev.septum.simulator.input;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a trace is written. */
public enum TraceFormat {
  /** {@code vcpu R|W|X hexgpa} a line. */
  SEPTUM("septum", SeptumParser.FORM),
  /** Text of the kernel's {@code kvm_page_fault} tracepoint. */
  FTRACE("ftrace", FtraceParser.FORM),
  /** What {@code valgrind --tool=lackey --trace-mem=yes} prints. */
  LACKEY("lackey", LackeyParser.FORM);

  private final String label;
  private final Pattern form;

  TraceFormat(String label, Pattern form) {
    this.label = label;
    this.form = form;
  }

  /** A parser for one trace. */
  LineParser newParser() {
    return switch (this) {
      case SEPTUM -> new SeptumParser();
      case FTRACE -> new FtraceParser();
      case LACKEY -> new LackeyParser();
    };
  }

  /** The format that a line of a trace shows, which is neither blank nor a comment. */
  static @Nullable TraceFormat of(String line) {
    for (TraceFormat format : values()) {
      if (format.form.matcher(line).matches()) {
        return format;
      }
    }
    return null;
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
