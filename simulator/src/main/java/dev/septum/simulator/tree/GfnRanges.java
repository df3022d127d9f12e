package dev.septum.simulator.tree;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.simulator.MemorySize;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A range of guest frames: {@code START-END}, the end excluded, or {@code START+COUNT}. A gfn is in
 * hexadecimal, after 0x; or an address, with a suffix as a {@link MemorySize} has it. A count may
 * also be in decimal.
 */
public final class GfnRanges implements ITypeConverter<GfnRange> {
  private static final Pattern FORM = Pattern.compile("([^-+]+)([-+])([^-+]+)");
  private static final Pattern HEX = Pattern.compile("0[xX]\\p{XDigit}{1,13}");
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,16}");
  private static final Pattern BYTES = Pattern.compile("\\d+[kmgtKMGT].*");
  private static final String EXPECTED =
      "expected a range of gfns (0x200-0x400, 2M-4M, 0x200+512, 2M+2M), found '";

  /** The converter. */
  public GfnRanges() {}

  @Override
  public GfnRange convert(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new TypeConversionException(EXPECTED + text + "'");
    }
    long start = gfn(form.group(1), text);
    String second = form.group(3);
    boolean isCount = form.group(2).equals("+");
    long last =
        isCount && DECIMAL.matcher(second).matches() ? Long.parseLong(second) : gfn(second, text);
    long end = isCount ? start + last : last;
    if (end <= start) {
      throw new TypeConversionException("expected a range that is not empty, found '" + text + "'");
    }
    return new GfnRange(start, end);
  }

  private static long gfn(String word, String range) {
    long gfn = gfnOrNone(word);
    if (gfn < 0) {
      throw new TypeConversionException(EXPECTED + range + "'");
    }
    return gfn;
  }

  /** Negative if it is none. */
  private static long gfnOrNone(String word) {
    if (HEX.matcher(word).matches()) {
      return Long.decode(word);
    }
    return BYTES.matcher(word).matches()
        ? new MemorySize().convert(word) >>> Geometry.PAGE_SHIFT
        : -1;
  }

  /** For a gfn alone. */
  static ITypeConverter<Long> gfnConverter() {
    return word -> {
      long gfn = gfnOrNone(word);
      if (gfn < 0) {
        throw new TypeConversionException(
            "expected a gfn (0x200) or an address (2M), found '" + word + "'");
      }
      return gfn;
    };
  }
}
