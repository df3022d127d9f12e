package dev.septum.simulator;

import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.TraceFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An option that is one of a few words, in either case. For the shell's completion, those words.
 */
abstract class OneOf<T> implements ITypeConverter<T>, Iterable<String> {
  private final List<T> values;

  @SafeVarargs
  @SuppressWarnings("varargs") // the list is its own
  OneOf(T... values) {
    this.values = List.of(values);
  }

  private static String label(Object value) {
    return value.toString().toLowerCase(Locale.ROOT);
  }

  @Override
  public T convert(String text) {
    for (T value : values) {
      if (label(value).equals(text.toLowerCase(Locale.ROOT))) {
        return value;
      }
    }
    throw new TypeConversionException(
        "expected "
            + values.stream().map(OneOf::label).collect(Collectors.joining(" or "))
            + ", found '"
            + text
            + "'");
  }

  @Override
  public Iterator<String> iterator() {
    return values.stream().map(OneOf::label).iterator();
  }

  /** How a trace is written. */
  static final class Format extends OneOf<TraceFormat> {
    Format() {
      super(TraceFormat.values());
    }
  }

  /** The kind of machine. */
  static final class Machine extends OneOf<MachineKind> {
    Machine() {
      super(MachineKind.values());
    }
  }

  /** The pages that the host's memory comes in. */
  static final class Backing extends OneOf<PageLevel> {
    Backing() {
      super(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);
    }
  }
}
