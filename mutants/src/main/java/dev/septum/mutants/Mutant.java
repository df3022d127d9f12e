package dev.septum.mutants;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A seeded bug.
 *
 * @param name one word, by which it is chosen
 * @param says what is broken, in one sentence
 * @param file the source file that it changes, from the root of the repository
 * @param edits what it changes there
 * @param catchers which checks must catch it, the cheapest first; it is caught by the first that
 *     fails
 * @param hangs whether its effect is that something waits for ever, so that a check that does not
 *     end has caught it
 * @param unobservable why no test on this hardware can see it; null if one must
 */
record Mutant(
    String name,
    String says,
    String file,
    List<Edit> edits,
    List<Catcher> catchers,
    boolean hangs,
    @Nullable String unobservable) {

  /**
   * A piece of source text, and what stands in its place.
   *
   * @param find must occur exactly once
   */
  record Edit(String find, String replacement) {}

  boolean isObservable() {
    return unobservable == null;
  }

  /**
   * The source file with the bug in it.
   *
   * @throws StaleMutantException if the text to be replaced is not there just once
   */
  String applyTo(String source) {
    String changed = source;
    for (Edit edit : edits) {
      int at = changed.indexOf(edit.find());
      if (at < 0 || changed.indexOf(edit.find(), at + 1) >= 0) {
        throw new StaleMutantException(
            String.format(
                "%s: %s holds this %s:%n%s",
                name, file, at < 0 ? "no longer" : "more than once", edit.find()));
      }
      changed =
          changed.substring(0, at)
              + edit.replacement()
              + changed.substring(at + edit.find().length());
    }
    return changed;
  }
}
