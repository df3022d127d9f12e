package dev.septum.simulator.tree;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.MemorySize;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The words of a line, read one by one. Each error says the file, the line and the word. */
final class ScenarioWords {
  private static final List<PageLevel> SIZES =
      List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);

  private final String place;
  private final List<String> words;
  private int at;

  ScenarioWords(String file, int line, String text) {
    this.place = file + ":" + line + ": ";
    this.words = List.of(text.split("\\s+"));
  }

  boolean hasNext() {
    return at < words.size();
  }

  /** The word to come, in lower case; empty at the end. */
  private String peek() {
    return hasNext() ? words.get(at).toLowerCase(Locale.ROOT) : "";
  }

  BadInputException expected(String what) {
    String found = hasNext() ? "'" + words.get(at) + "'" : "the end of the line";
    return new BadInputException(place + "expected " + what + ", found " + found);
  }

  void end() throws BadInputException {
    if (hasNext()) {
      throw expected("the end of the line");
    }
  }

  /** Whether the next word is this one, which is then read. */
  boolean next(String word) {
    boolean isNext = peek().equals(word);
    at += isNext ? 1 : 0;
    return isNext;
  }

  /** One of some values, by its word, in lower case. */
  <T> T oneOf(String what, List<T> values, Function<T, String> word) throws BadInputException {
    for (T value : values) {
      if (next(word.apply(value).toLowerCase(Locale.ROOT))) {
        return value;
      }
    }
    throw expected(values.stream().map(word).collect(Collectors.joining(" or ", what + " (", ")")));
  }

  PageLevel level() throws BadInputException {
    return oneOf("a size", SIZES, PageLevel::label);
  }

  Access access() throws BadInputException {
    Access[] kinds = {Access.READ, Access.WRITE, Access.EXECUTE};
    int kind = "rwx".indexOf(peek());
    if (peek().length() != 1 || kind < 0) {
      throw expected("r, w or x");
    }
    at++;
    return kinds[kind];
  }

  /** A number in decimal, or in hexadecimal after 0x. */
  long number(String what, long least, long most) throws BadInputException {
    long number;
    try {
      number = Long.decode(peek().replaceFirst("^0+(?=\\d)", ""));
    } catch (NumberFormatException e) {
      number = least - 1;
    }
    if (number < least || number > most) {
      throw expected(what);
    }
    at++;
    return number;
  }

  long gfn() throws BadInputException {
    return converted(GfnRanges.gfnConverter());
  }

  GfnRange range() throws BadInputException {
    return converted(new GfnRanges());
  }

  long size() throws BadInputException {
    return converted(new MemorySize());
  }

  private <T> T converted(ITypeConverter<T> converter) throws BadInputException {
    if (!hasNext()) {
      throw expected("a value");
    }
    try {
      T value = converter.convert(words.get(at));
      at++;
      return value;
    } catch (TypeConversionException e) {
      throw new BadInputException(place + e.getMessage());
    } catch (Exception e) {
      throw new IllegalStateException("a converter throws nothing else", e);
    }
  }
}
