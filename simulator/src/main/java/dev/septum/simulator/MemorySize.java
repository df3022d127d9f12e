package dev.septum.simulator;

import dev.septum.paging.Geometry;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A size of guest memory: bytes, or K, M, G, T of them. */
public final class MemorySize implements ITypeConverter<Long> {
  /** What the frames of a 52-bit host can back, and its own first 4 GiB besides. */
  private static final long LARGEST = 1L << (Geometry.MAX_ADDRESS_BITS - 1);

  private static final Pattern FORM = Pattern.compile("(\\d{1,16})([kmgt]?)(i?b)?");
  private static final String SUFFIXES = "kmgt";
  private static final int SUFFIX_SHIFT = 10;

  /** The converter. */
  public MemorySize() {}

  @Override
  public Long convert(String text) {
    Matcher matcher = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "expected a size such as 512M or 4G (suffixes K, M, G, T), found '" + text + "'");
    }
    long number = Long.parseLong(matcher.group(1));
    String suffix = matcher.group(2);
    int shift = suffix.isEmpty() ? 0 : SUFFIX_SHIFT * (SUFFIXES.indexOf(suffix) + 1);
    long page = 1L << Geometry.PAGE_SHIFT;
    if (number > LARGEST >> shift || number << shift < page) {
      throw new TypeConversionException("expected a size of 4K to 2048T, found '" + text + "'");
    }
    long bytes = number << shift;
    if (bytes % page != 0) {
      throw new TypeConversionException("expected a multiple of 4096 bytes, found '" + text + "'");
    }
    return bytes;
  }
}
