package dev.septum.simulator.input;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Leaves the lines to the parser of a format: of the one that was asked for or, if none was, of the
 * one that the first line shows that is neither blank nor a {@code #} comment.
 */
final class FormatDetector implements LineParser {
  private static final int LONGEST_LOOKED_AT = 1024;

  private @Nullable TraceFormat format;
  private @Nullable LineParser parser;

  /**
   * A detector for one trace.
   *
   * @param asked the format; null to find it out
   */
  FormatDetector(@Nullable TraceFormat asked) {
    format = asked;
    parser = asked == null ? null : asked.newParser();
  }

  /** The format; until it is known, Septum's own. */
  TraceFormat format() {
    return format == null ? TraceFormat.SEPTUM : format;
  }

  @Override
  public boolean parse(byte[] line, int from, int to, AccessSink sink)
      throws MalformedLineException {
    LineParser chosen = parser == null ? choose(line, from, to) : parser;
    return chosen != null && chosen.parse(line, from, to, sink);
  }

  /** Null if the line shows nothing. */
  private @Nullable LineParser choose(byte[] line, int from, int to) throws MalformedLineException {
    int first = Words.skipBlanks(line, from, to);
    if (first == to || line[first] == '#') {
      return null;
    }
    int length = Math.min(to - from, LONGEST_LOOKED_AT);
    format = TraceFormat.of(new String(line, from, length, StandardCharsets.ISO_8859_1));
    if (format == null) {
      throw MalformedLineException.atWord(
          "a line of a septum, ftrace or lackey trace (--format names one)", line, first, to);
    }
    parser = format.newParser();
    return parser;
  }
}
