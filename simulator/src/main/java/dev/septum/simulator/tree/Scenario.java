package dev.septum.simulator.tree;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.input.TraceSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A text of operations, one a line, in order. See {@link ScenarioParser}.
 *
 * @param name what to call it in messages
 * @param steps its operations
 */
public record Scenario(String name, List<Step> steps) {
  private static final int LONGEST_LINE = 1 << 16;

  /**
   * An operation.
   *
   * @param line its number, from 1 on
   * @param text the line, without its comment
   * @param action does it, and returns its result in words
   */
  record Step(int line, String text, Function<ScenarioMachine, String> action) {}

  /** A scenario whose steps these are. */
  public Scenario {
    steps = List.copyOf(steps);
  }

  /**
   * Reads all of a scenario.
   *
   * @throws BadInputException if it cannot be read, or a line is no operation: with its number
   */
  public static Scenario read(TraceSource source) throws BadInputException {
    List<Step> steps = new ArrayList<>();
    try (InputStream in = source.open();
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      int number = 1;
      String line;
      for (; (line = readLine(lines, source.name() + ":" + number)) != null; number++) {
        String text = line.replaceFirst("#.*", "").strip();
        if (!text.isEmpty()) {
          ScenarioWords words = new ScenarioWords(source.name(), number, text);
          steps.add(new Step(number, text, ScenarioParser.parse(words)));
        }
      }
    } catch (IOException e) {
      throw new BadInputException(source.name() + ": cannot be read: " + e.getMessage());
    }
    if (steps.isEmpty()) {
      throw new BadInputException(source.name() + ": expected operations, found none");
    }
    return new Scenario(source.name(), steps);
  }

  /** The next line, without its end, as long as it may be; null behind the last. */
  private static @Nullable String readLine(Reader in, String place)
      throws IOException, BadInputException {
    StringBuilder line = new StringBuilder();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (line.length() == LONGEST_LINE) {
        throw new BadInputException(
            place
                + ": expected a line of at most "
                + LONGEST_LINE
                + " characters, found a longer one");
      }
      line.append((char) next);
    }
    return line.toString();
  }
}
