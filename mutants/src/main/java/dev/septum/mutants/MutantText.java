package dev.septum.mutants;

import dev.septum.mutants.Mutant.Edit;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The texts that say what mutants there are, one for each room of the engine.
 *
 * <pre>
 *   mutant NAME
 *   says SENTENCE
 *   file PATH
 *   catch LAYER WHAT        once or more
 *   hangs                   if that is its effect
 *   unobservable REASON     in the place of "catch"
 *   find
 *   source text
 *   with
 *   source text
 *   end                     "find" to "end" once or more
 * </pre>
 *
 * A word may be followed by more lines of its own, indented. Lines that begin with {@code #} and
 * empty lines between mutants mean nothing.
 */
final class MutantText {
  private static final List<String> ROOMS =
      List.of("sync", "paging", "mmu", "memory", "td", "tdx", "vm", "orderings");

  private final Iterator<String> lines;
  private final List<Mutant> mutants = new ArrayList<>();

  private MutantText(String text) {
    this.lines = text.lines().iterator();
  }

  /** All mutants that there are. */
  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    for (String room : ROOMS) {
      all.addAll(parse(resource(room + ".mutants")));
    }
    return all;
  }

  private static String resource(String name) {
    try (InputStream in = MutantText.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The mutants of one text.
   *
   * @throws IllegalArgumentException if it is not one
   */
  static List<Mutant> parse(String text) {
    MutantText parser = new MutantText(text);
    parser.parseAll();
    return parser.mutants;
  }

  private void parseAll() {
    Draft draft = null;
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith(" ")) {
        require(draft, line).goOn(line.strip());
        continue;
      }
      int space = line.indexOf(' ');
      String word = space < 0 ? line : line.substring(0, space);
      String rest = space < 0 ? "" : line.substring(space + 1).strip();
      if (word.equals("mutant")) {
        finish(draft);
        draft = new Draft(rest);
      } else if (word.equals("find")) {
        String find = block("with");
        require(draft, line).edits.add(new Edit(find, block("end")));
      } else {
        require(draft, line).set(word, rest);
      }
    }
    finish(draft);
  }

  private static Draft require(@Nullable Draft draft, String line) {
    if (draft == null) {
      throw new IllegalArgumentException("no mutant has begun at: " + line);
    }
    return draft;
  }

  private void finish(@Nullable Draft draft) {
    if (draft != null) {
      mutants.add(draft.finish());
    }
  }

  /** The lines up to one that is just a word. */
  private String block(String end) {
    List<String> block = new ArrayList<>();
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.equals(end)) {
        return String.join("\n", block);
      }
      block.add(line);
    }
    throw new IllegalArgumentException("a text ends without '" + end + "'");
  }

  /** A mutant that is being read. */
  private static final class Draft {
    final String name;
    final List<Edit> edits = new ArrayList<>();
    private final List<Catcher> catchers = new ArrayList<>();
    private String says = "";
    private String file = "";
    private boolean hangs;
    private @Nullable String unobservable;
    private String last = "";

    Draft(String name) {
      this.name = name;
    }

    void set(String word, String rest) {
      last = word;
      switch (word) {
        case "says" -> says = rest;
        case "file" -> file = rest;
        case "hangs" -> hangs = true;
        case "unobservable" -> unobservable = rest;
        case "catch" -> {
          String[] parts = rest.split(" ", 2);
          if (parts.length < 2) {
            throw new IllegalArgumentException(name + ": catch LAYER WHAT, not: " + rest);
          }
          catchers.add(new Catcher(layer(parts[0]), parts[1].strip()));
        }
        default -> throw new IllegalArgumentException(name + ": what is '" + word + "'?");
      }
    }

    private Layer layer(String label) {
      for (Layer layer : Layer.values()) {
        if (layer.label().equals(label)) {
          return layer;
        }
      }
      throw new IllegalArgumentException(
          name + ": no layer '" + label + "' of " + Arrays.toString(Layer.values()));
    }

    void goOn(String more) {
      switch (last) {
        case "says" -> says += " " + more;
        case "unobservable" -> unobservable += " " + more;
        default -> throw new IllegalArgumentException(name + ": what goes on with: " + more);
      }
    }

    Mutant finish() {
      if (name.isEmpty() || says.isEmpty() || file.isEmpty() || edits.isEmpty()) {
        throw new IllegalArgumentException(
            name + ": a mutant has a name, says something, and changes a file");
      }
      if (catchers.isEmpty() == (unobservable == null)) {
        throw new IllegalArgumentException(
            name + ": a mutant has catchers, or a reason why it cannot be observed");
      }
      return new Mutant(
          name, says, file, List.copyOf(edits), List.copyOf(catchers), hangs, unobservable);
    }
  }
}
