package dev.septum.simulator.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From a text that is as it should be to one that may not be: bytes, words, numbers and lines that
 * are changed, missing, doubled, moved, huge, or another text's.
 */
final class Mutations {
  private static final int MOST_CHANGES = 4;
  private static final int MOST_COPIES = 9;
  private static final int LONG_LINE = 70_000;
  private static final String SEPARATORS = " \t\n,:;=\"'{}[]()#";

  /** What words are replaced by: numbers at the edges of all widths, and no numbers. */
  private static final List<String> WORDS =
      List.of(
          "0",
          "-1",
          "1",
          "00",
          "+1",
          "0x",
          "0x0",
          "0X1f",
          "1e999",
          "1.5",
          "NaN",
          "null",
          "true",
          "",
          "2147483647",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551615",
          "18446744073709551616",
          "0xffffffffffffffff",
          "0x10000000000000000",
          "7fffffffffffffff",
          "8000000000000000",
          "99999999999999999999999",
          "4k",
          "2m",
          "1g",
          "16G",
          "999999999G",
          "R",
          "w",
          "{}",
          "[]",
          "\"\"",
          "\u00e9",
          "\u0000",
          "../../etc",
          "%s%n",
          "-",
          "--",
          "0-0",
          "1-0",
          "0+0",
          "0x1-",
          "0x200+512");

  private final SplittableRandom random;
  private final List<byte[]> seeds;

  Mutations(SplittableRandom random, List<byte[]> seeds) {
    this.random = random;
    this.seeds = seeds;
  }

  /** A text, changed once or a few times; now and then, not at all. */
  byte[] next() {
    byte[] text = any();
    for (int left = random.nextInt(MOST_CHANGES + 1); left > 0; left--) {
      text = change(text);
    }
    return text;
  }

  private byte[] any() {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] change(byte[] text) {
    int at = random.nextInt(text.length + 1);
    return switch (random.nextInt(12)) {
      case 0 -> replaced(text, at, Math.min(at + 1, text.length), randomBytes(1));
      case 1 -> replaced(text, at, at, randomBytes(1 + random.nextInt(4)));
      case 2 -> replaced(text, at, Math.min(at + 1 + random.nextInt(16), text.length), new byte[0]);
      case 3 -> Arrays.copyOf(text, at);
      case 4, 5, 6 -> word(text, at);
      case 7 -> line(text, at, new byte[0]);
      case 8 -> copies(text, at);
      case 9 -> swapped(text, at);
      case 10 -> spliced(text, at);
      default -> random.nextInt(16) == 0 ? longLine(text, at) : word(text, at);
    };
  }

  private byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] replaced(byte[] text, int from, int to, byte[] by) {
    ByteArrayOutputStream changed = new ByteArrayOutputStream(text.length + by.length);
    changed.write(text, 0, from);
    changed.writeBytes(by);
    changed.write(text, to, text.length - to);
    return changed.toByteArray();
  }

  private static boolean separates(byte b) {
    return SEPARATORS.indexOf((char) (b & 0xff)) >= 0;
  }

  private byte[] word(byte[] text, int at) {
    int from = at;
    while (from > 0 && !separates(text[from - 1])) {
      from--;
    }
    int to = at;
    while (to < text.length && !separates(text[to])) {
      to++;
    }
    String word = WORDS.get(random.nextInt(WORDS.size()));
    return replaced(text, from, to, word.getBytes(StandardCharsets.UTF_8));
  }

  private static int lineStart(byte[] text, int at) {
    int from = at;
    while (from > 0 && text[from - 1] != '\n') {
      from--;
    }
    return from;
  }

  private static int lineEnd(byte[] text, int at) {
    int to = at;
    while (to < text.length && text[to] != '\n') {
      to++;
    }
    return Math.min(to + 1, text.length);
  }

  private static byte[] line(byte[] text, int at, byte[] by) {
    return replaced(text, lineStart(text, at), lineEnd(text, at), by);
  }

  private byte[] copies(byte[] text, int at) {
    byte[] line = Arrays.copyOfRange(text, lineStart(text, at), lineEnd(text, at));
    ByteArrayOutputStream copies = new ByteArrayOutputStream();
    for (int left = 1 + random.nextInt(MOST_COPIES); left >= 0; left--) {
      copies.writeBytes(line);
    }
    return line(text, at, copies.toByteArray());
  }

  private byte[] swapped(byte[] text, int at) {
    int other = random.nextInt(text.length + 1);
    byte[] line = Arrays.copyOfRange(text, lineStart(text, at), lineEnd(text, at));
    return replaced(text, lineStart(text, other), lineStart(text, other), line);
  }

  private byte[] spliced(byte[] text, int at) {
    byte[] other = any();
    int from = random.nextInt(other.length + 1);
    return replaced(text, at, text.length, Arrays.copyOfRange(other, from, other.length));
  }

  private byte[] longLine(byte[] text, int at) {
    byte[] filler = new byte[LONG_LINE];
    Arrays.fill(filler, (byte) (random.nextBoolean() ? '7' : '['));
    return replaced(text, at, at, filler);
  }
}
