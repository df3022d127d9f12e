package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Valgrind's lines. */
class LackeyParserTest {
  private final StringJoiner seen = new StringJoiner(" ");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "I  04000000,3|0:EXECUTE:4000000",
        " L 1ffeffe7e8,8|0:READ:1ffeffe7e8",
        " S 7fffffffeff8,8|0:WRITE:7fffffffeff8",
        " M 04033e06,1|0:READ:4033e06 0:WRITE:4033e06",
        "I  04014ffb,5|0:EXECUTE:4014ffb",
        "I  04014fff,5|0:EXECUTE:4014fff 0:EXECUTE:4015000",
        " M 1ffe,4|0:READ:1ffe 0:READ:2000 0:WRITE:1ffe 0:WRITE:2000",
        " L 1800,8192|0:READ:1800 0:READ:2000 0:READ:3000",
      })
  void accessTouchesEachOfItsPages(String line, String accesses) throws Exception {
    assertTrue(parse(line));
    assertEquals(accesses, seen.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "==18183== Lackey, an example Valgrind tool",
        "==18183==",
        "--18183-- Reading syms from /bin/true",
        "**18183** the client prints",
        "SB 04016b00",
      })
  void whatValgrindSaysBesidesIsSkipped(String line) throws Exception {
    assertFalse(parse(line));
    assertEquals("", seen.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "hello | I, L, S or M, or a line of valgrind's own, found 'hello'",
        "X  04000000,3 | I, L, S or M, or a line of valgrind's own, found 'X'",
        "I | I, L, S or M, or a line of valgrind's own, found 'I'",
        "I  zz,3 | an address in hexadecimal, found 'zz'",
        "I  ,3 | an address in hexadecimal, found the end of the line",
        "I  04000000 | a comma and a size, found the end of the line",
        "I  04000000, | a size in bytes, found the end of the line",
        "I  04000000,x | a size in bytes, found 'x'",
        "I  04000000,0 | a size of 1 to 65536 bytes, found '0'",
        "I  04000000,65537 | a size of 1 to 65536 bytes, found '65537'",
        "I  04000000,3 more | the end of the line, found 'more'",
        "I  ffffffffff600000,3 | an address of at most 52 bits, found 'ffffffffff600000'",
      })
  void anyOtherLineIsRefused(String line, String message) {
    assertEquals(
        "expected " + message,
        assertThrows(MalformedLineException.class, () -> parse(line)).getMessage());
  }

  private boolean parse(String text) throws MalformedLineException {
    byte[] line = text.getBytes(StandardCharsets.UTF_8);
    return new LackeyParser()
        .parse(
            line,
            0,
            line.length,
            (vcpu, access, gpa) -> seen.add(vcpu + ":" + access + ":" + Long.toHexString(gpa)));
  }
}
