package dev.septum.simulator;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What {@code --inject} can ask for: {@code DROP_FLUSH=P}, P from 0 to 1. */
public final class FlushLossRate implements ITypeConverter<Double> {
  private static final String KIND = "DROP_FLUSH";

  /** The converter. */
  public FlushLossRate() {}

  @Override
  public Double convert(String text) {
    int equals = text.indexOf('=');
    if (equals < 0 || !text.substring(0, equals).toUpperCase(Locale.ROOT).equals(KIND)) {
      throw new TypeConversionException("expected " + KIND + "=P, found '" + text + "'");
    }
    String number = text.substring(equals + 1);
    double probability;
    try {
      probability = Double.parseDouble(number);
    } catch (NumberFormatException e) {
      probability = Double.NaN;
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new TypeConversionException(
          "expected a probability from 0 to 1 after " + KIND + "=, found '" + number + "'");
    }
    return probability;
  }
}
