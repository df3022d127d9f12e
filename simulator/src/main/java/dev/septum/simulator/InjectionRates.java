package dev.septum.simulator;

import dev.septum.simulator.replay.Injection;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What {@code --inject} asks for: {@code KIND=P}, several with commas between them.
 *
 * @param rates the probability of each kind that is named
 */
record InjectionRates(Map<Injection, Double> rates) {
  static final InjectionRates NONE = new InjectionRates(Map.of());

  /** From the command line. */
  static final class Converter implements ITypeConverter<InjectionRates> {
    Converter() {}

    @Override
    public InjectionRates convert(String text) {
      Map<Injection, Double> rates = new EnumMap<>(Injection.class);
      for (String part : text.split(",", -1)) {
        int equals = part.indexOf('=');
        Injection kind = equals < 0 ? null : kind(part.substring(0, equals));
        if (kind == null) {
          throw new TypeConversionException(
              "expected KIND=P, with a KIND of "
                  + Arrays.stream(Injection.values())
                      .map(Enum::name)
                      .collect(Collectors.joining(", "))
                  + ", found '"
                  + part
                  + "'");
        }
        if (rates.put(kind, probability(kind, part.substring(equals + 1))) != null) {
          throw new TypeConversionException("expected " + kind + " once, found '" + text + "'");
        }
      }
      return new InjectionRates(rates);
    }

    private static @Nullable Injection kind(String name) {
      for (Injection kind : Injection.values()) {
        if (kind.name().equals(name.toUpperCase(Locale.ROOT))) {
          return kind;
        }
      }
      return null;
    }

    private static double probability(Injection kind, String number) {
      double probability;
      try {
        probability = Double.parseDouble(number);
      } catch (NumberFormatException e) {
        probability = Double.NaN;
      }
      if (!(probability >= 0 && probability <= kind.most())) {
        throw new TypeConversionException(
            "expected a probability from 0 to "
                + (kind.most() == 1 ? "1" : Double.toString(kind.most()))
                + " after "
                + kind
                + "=, found '"
                + number
                + "'");
      }
      return probability;
    }
  }
}
