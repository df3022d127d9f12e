package dev.septum.simulator;

import dev.septum.simulator.input.TraceFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the user says of a trace's format.
 *
 * @param format the format; null if its lines show it
 */
record FormatChoice(@Nullable TraceFormat format) {
  static final FormatChoice AUTO = new FormatChoice(null);

  /** Every choice there is. */
  static List<FormatChoice> all() {
    return Stream.concat(Stream.of(AUTO), Stream.of(TraceFormat.values()).map(FormatChoice::new))
        .toList();
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return format == null ? "auto" : format.toString();
  }
}
