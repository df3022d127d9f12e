package dev.septum.simulator;

import dev.septum.paging.PageLevel;
import dev.septum.paging.SpteLayout;
import dev.septum.simulator.guest.GuestKind;
import dev.septum.td.AcceptPolicy;
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
    this(List.of(values));
  }

  OneOf(List<T> values) {
    this.values = values;
  }

  /** A value's word. */
  String label(T value) {
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
            + values.stream().map(this::label).collect(Collectors.joining(" or "))
            + ", found '"
            + text
            + "'");
  }

  @Override
  public Iterator<String> iterator() {
    return values.stream().map(this::label).iterator();
  }

  /** How a trace is written, or that it is to be found out. */
  static final class Format extends OneOf<FormatChoice> {
    Format() {
      super(FormatChoice.all());
    }
  }

  /** Where a kernel keeps the software bits of its entries. */
  static final class Layout extends OneOf<SpteLayout> {
    Layout() {
      super(SpteLayout.values());
    }

    @Override
    String label(SpteLayout layout) {
      return layout.label();
    }
  }

  /** The kind of machine. */
  static final class Machine extends OneOf<MachineKind> {
    Machine() {
      super(MachineKind.values());
    }
  }

  /** The kinds of machine that run one after the other. */
  static final class Machines extends OneOf<MachineChoice> {
    Machines() {
      super(MachineChoice.values());
    }
  }

  /** How a guest accepts its memory. */
  static final class Guest extends OneOf<GuestKind> {
    Guest() {
      super(GuestKind.values());
    }
  }

  /** What becomes of a mapping larger than an ACCEPT wants it. */
  static final class FaultSplit extends OneOf<AcceptPolicy> {
    FaultSplit() {
      super(AcceptPolicy.values());
    }
  }

  /** What is off or on. */
  static final class OffOn extends OneOf<Switch> {
    OffOn() {
      super(Switch.values());
    }
  }

  /** A scenario that ships with the project. */
  static final class ShippedScenario extends OneOf<String> {
    ShippedScenario() {
      super("zap-in-2m", "mixed-accepts", "ve-guest");
    }
  }

  /** A size of page. */
  static final class LeafLevel extends OneOf<PageLevel> {
    LeafLevel() {
      super(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);
    }
  }
}
