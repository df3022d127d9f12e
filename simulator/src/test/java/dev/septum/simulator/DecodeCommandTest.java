package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Entries in words, from the command line. */
class DecodeCommandTest {
  private String out = "";
  private String err = "";

  @Test
  void realKernelsValueIsPutInWords() {
    assertEquals(0, run("decode", "0x61000034d4fe877"));
    assertEquals(
        "0x61000034d4fe877: 4K leaf pfn 0x34d4fe RWX WB ignore-PAT host-writable mmu-writable"
            + " A/D disabled #VE not suppressed",
        out.strip());
  }

  @Test
  void eachValueHasItsLineWithOrWithoutPrefix() {
    assertEquals(0, run("decode", "8000000000000000", "0X80000000000005A0"));
    assertEquals("0x8000000000000000: empty\n0x80000000000005a0: frozen\n", lines());
  }

  @ParameterizedTest
  @CsvSource({
    "4k, linux-6, 4K leaf pfn 0x200 RWX WB ignore-PAT mmu-writable",
    "2m, linux-6, 2M leaf pfn 0x200 RWX WB ignore-PAT mmu-writable",
    "1G, LINUX-6, 1G leaf pfn 0x200 RWX WB ignore-PAT mmu-writable",
    "2M, linux-7.3, 2M leaf pfn 0x200 RWX WB ignore-PAT",
  })
  void levelAndLayoutAreTheUsers(String level, String layout, String words) {
    assertEquals(0, run("decode", "84000000002008f7", "--level", level, "--layout", layout));
    assertEquals("0x84000000002008f7: " + words + "\n", lines());
  }

  @Test
  void jsonHasValuesAndWords() throws Exception {
    assertEquals(0, run("decode", "--json", "--level", "2m", "8000000000000000", "0"));
    JsonNode root = new ObjectMapper().readTree(out);
    assertEquals("linux-6", root.at("/layout").textValue());
    assertEquals("2m", root.at("/level").textValue());
    assertEquals(2, root.at("/entries").size());
    assertEquals("0x8000000000000000", root.at("/entries/0/value").textValue());
    assertEquals("empty", root.at("/entries/0/words").textValue());
    assertEquals("0x0", root.at("/entries/1/value").textValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "zz | expected an entry in hexadecimal, found 'zz'",
        "0x | expected an entry in hexadecimal, found '0x'",
        "+1 | expected an entry in hexadecimal, found '+1'",
        "1_0 | expected an entry in hexadecimal, found '1_0'",
        "12345678901234567 | expected an entry of at most 64 bits, found '12345678901234567'",
        "1 --level 512g | '--level': expected 4k or 2m or 1g, found '512g'",
        "1 --layout linux-5 | '--layout': expected linux-6 or linux-7.3, found 'linux-5'",
        "--json | Missing required parameter: 'VALUE'",
        "-1 | expected an entry in hexadecimal, found '-1'",
      })
  void badUsageIsSaidInOneLine(String arguments, String message) {
    assertEquals(2, run(("decode " + arguments).split(" ")));
    assertEquals("", out);
    assertEquals(1, err.strip().lines().count(), err);
    assertTrue(err.startsWith("septum: ") && err.contains(message), err);
  }

  private String lines() {
    return out.replace(System.lineSeparator(), "\n");
  }

  private int run(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    CommandLine command =
        Main.commandLine().setOut(new PrintWriter(outText)).setErr(new PrintWriter(errText));
    int code = command.execute(arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }
}
