package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command reads, prints, writes and returns. */
class ConformCommandTest {
  @TempDir Path folder;

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("records.jsonl"), text);
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("records.jsonl"), bytes);
  }

  private static ObjectNode shortScript() {
    return Records.named("fault-levels");
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static void assertUnusable(String message, ConformRun run) {
    assertEquals(message + System.lineSeparator(), run.err());
    assertEquals("", run.out());
    assertEquals(2, run.exitCode());
  }

  // Reports.

  @Test
  void coreAgrees() throws IOException {
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(Records.file(), "--group", "core", "--json", json);
    assertEquals("", run.err());
    assertTrue(run.out().contains("76 of 76 agree"), run.out());
    assertEquals(0, run.exitCode());
    JsonNode report = ConformRun.json(json);
    assertEquals("core", report.get("group").asText());
    assertEquals(Records.file().toString(), report.get("file").asText());
    assertEquals(76, report.get("scripts").intValue());
    assertEquals(76, report.get("agree").intValue());
    assertEquals(0, report.get("differ").intValue());
    assertEquals(0, report.get("unsupported").intValue());
    assertEquals(1889, report.get("steps").intValue());
    assertTrue(report.get("differences").isEmpty());
    assertTrue(report.get("unsupportedReasons").isEmpty());
  }

  @Test
  void unsupportedScriptsDoNotAgree() throws IOException {
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(Records.file(), "--json", json);
    assertEquals("", run.err());
    assertTrue(run.out().contains("103 of 182 agree"), run.out());
    assertEquals(1, run.exitCode());
    JsonNode report = ConformRun.json(json);
    assertEquals("all", report.get("group").asText());
    assertEquals(182, report.get("scripts").intValue());
    assertEquals(103, report.get("agree").intValue());
    assertEquals(0, report.get("differ").intValue());
    assertEquals(79, report.get("unsupported").intValue());
    assertEquals(27, report.at("/byGroup/mirror/agree").intValue());
    assertEquals(11, report.at("/byGroup/mirror/unsupported").intValue());
    assertEquals(68, report.at("/byGroup/full/unsupported").intValue());
    assertEquals(76, report.at("/byGroup/core/agree").intValue());
    int reasons = 0;
    for (JsonNode count : report.get("unsupportedReasons")) {
      reasons += count.intValue();
    }
    assertEquals(79, reasons);
  }

  @Test
  void jsonGoesToTheOutputInPlaceOfTheReport() throws IOException {
    ConformRun run = ConformRun.of(write(shortScript() + "\n"), "--json", "-");
    assertEquals(1, Records.MAPPER.readTree(run.out()).get("agree").intValue());
    assertEquals(0, run.exitCode());
  }

  // Input.

  @Test
  void gzipIsSeenByItself() throws IOException {
    String line = shortScript() + "\n";
    assertEquals(0, ConformRun.of(write(line)).exitCode());
    assertEquals(0, ConformRun.of(write(gzip(line))).exitCode());
  }

  @Test
  void blankLinesAndAMissingLineEndDoNotMatter() throws IOException {
    String script = shortScript().toString();
    ConformRun run = ConformRun.of(write("\n" + script + "\r\n  \n" + script));
    assertTrue(run.out().contains("2 of 2 agree"), run.out());
    assertEquals(0, run.exitCode());
  }

  /** A pipe whose writer pauses between two gzip members is read to its end. */
  @Test
  void standardInputMayPause() throws IOException {
    byte[] member = gzip(shortScript() + "\n");
    byte[] both = Arrays.copyOf(member, 2 * member.length);
    System.arraycopy(member, 0, both, member.length, member.length);
    InputStream before = System.in;
    System.setIn(
        new ByteArrayInputStream(both) {
          @Override
          public synchronized int read(byte[] bytes, int offset, int length) {
            int left = member.length - pos % member.length;
            return super.read(bytes, offset, Math.min(length, left));
          }

          @Override
          public synchronized int available() {
            return 0;
          }
        });
    try {
      ConformRun run = ConformRun.of("-");
      assertTrue(run.out().contains("2 of 2 agree"), run.out());
      assertEquals(0, run.exitCode());
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    Path missing = folder.resolve("missing");
    assertUnusable(missing + ": no such file", ConformRun.of(missing));
    assertUnusable(folder + ": is a directory, not a file of records", ConformRun.of(folder));
    Path file = write("");
    assertUnusable(file + ": expected records, found none", ConformRun.of(file));
    write(shortScript() + "\n");
    assertUnusable(
        file + ": expected scripts of the group mirror, found none",
        ConformRun.of(file, "--group", "mirror"));
  }

  @Test
  void brokenGzipIsNamed() throws IOException {
    byte[] whole = gzip(shortScript() + "\n");
    Path file = write(Arrays.copyOf(whole, whole.length / 2));
    assertUnusable(
        file + ": broken gzip: Unexpected end of ZLIB input stream", ConformRun.of(file));
    write(new byte[] {0x1f, (byte) 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    assertUnusable(file + ": broken gzip: Unsupported compression method", ConformRun.of(file));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hello | a JSON object, found malformed JSON at column 1: Unrecognized token 'hello'",
        "{\"id\":1 | a JSON object, found malformed JSON at column 8: Unexpected end-of-input:"
            + " expected close marker for Object",
        "[1, 2] | a JSON object, found [1,2]",
        "{\"a\":1} | a record of a script, a trace or a case, found {\"a\":1}",
        "{} {} | a JSON object, found malformed JSON at column 4: Trailing token"
            + " (of type START_OBJECT) found after value"
      })
  void aLineThatIsNoRecordIsNamed(String line, String message) throws IOException {
    Path file = write("\n" + line + "\n");
    ConformRun run = ConformRun.of(file);
    assertEquals(2, run.exitCode());
    assertTrue(run.err().startsWith(file + ":2: expected "), run.err());
    assertUnusable(file + ":2: expected " + message, run);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/ | id | an integer from -9223372036854775808 to 9223372036854775807 at id",
        "/ | name | a text at name",
        "/ | group | one of core, mirror, full at group",
        "/ | config | an object at config",
        "/ | script | an array at script",
        "/ | result | an object at result",
        "/result | steps | an array at result.steps",
        "/result | final | an object at result.final",
        "/result | teardown | an object at result.teardown",
        "/config | npages | an integer from 1 to 68719476736 at config.npages",
        "/config | tdx | an integer from 0 to 1 at config.tdx",
        "/script/0 | op | a text at script[0].op",
        "/script/0 | gfn | an integer from 0 to 68719476735 at script[0].gfn",
        "/script/0 | host_level | an integer from 1 to 3 at script[0].host_level",
        "/script/0 | access | one of r, w, x at script[0].access",
        "/script/0 | prefetch | an integer from 0 to 1 at script[0].prefetch"
      })
  void aFieldThatSaysNothingIsNamed(String at, String field, String expected) throws IOException {
    ObjectNode record = shortScript();
    ObjectNode part = (ObjectNode) (at.equals("/") ? record : record.at(at));
    part.put(field, 1.5);
    Path file = write(record + "\n");
    assertUnusable(file + ":1: expected " + expected + ", found 1.5", ConformRun.of(file));
    part.remove(field);
    write(record + "\n");
    ConformRun run = ConformRun.of(file);
    assertEquals(2, run.exitCode());
    assertTrue(run.err().startsWith(file + ":1: expected a"), run.err());
    assertTrue(
        run.err()
            .strip()
            .endsWith(
                ", found "
                    + (field.equals("script")
                        ? record.toString().substring(0, 60) + "..."
                        : "nothing")),
        run.err());
  }

  @ParameterizedTest
  @CsvSource({
    "/result/steps/2, pages, result.steps[2].pages",
    "/result/steps/2, leafs, result.steps[2].leafs",
    "/result/steps/5, flags, result.steps[5].flags",
    "/result/final, leafs, result.final.leafs",
    "/result/teardown, freed, result.teardown.freed"
  })
  void aMissingResultIsNamed(String at, String field, String path) throws IOException {
    ObjectNode record = shortScript();
    ((ObjectNode) record.at(at)).remove(field);
    Path file = write(record + "\n");
    assertUnusable(
        file + ":1: expected a value at " + path + ", found nothing", ConformRun.of(file));
  }

  @Test
  void everyOperationHasItsStep() throws IOException {
    ObjectNode record = shortScript();
    ((ArrayNode) record.at("/result/steps")).remove(9);
    Path file = write(record + "\n");
    assertUnusable(
        file + ":1: expected a step for each of 10 operations at result.steps, found 9",
        ConformRun.of(file));
  }

  // Scripts that want more than there is.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/config | ad_bits | 0 | access tracking without A and D (ad_bits 0)",
        "/config | nx_huge_pages | 1 | the NX mitigation (nx_huge_pages 1)",
        "/config | root_level | 3 | a root of level 3",
        "/config | shadow | 1 | field 'shadow' of a configuration",
        "/script/0 | private | 1 | private faults of a normal VM",
        "/script/0 | gfn | 1048576 | faults beyond the slot (MMIO)",
        "/script/0 | user | 1 | field 'user' of operation 'fault'",
        "/result/steps/0 | nx_list | 0 | field 'nx_list' of a step",
        "/result/final | mirror_leafs | 0 | field 'mirror_leafs' of the final state",
        "/result/teardown | ext | 0 | field 'ext' of a teardown",
        "/result | extra | 0 | field 'extra' of a result"
      })
  void unsupportedScriptsAreCountedByReason(String at, String field, int value, String reason)
      throws IOException {
    assertUnsupported(reason, record -> ((ObjectNode) record.at(at)).put(field, value));
  }

  @Test
  void anUnknownOperationIsUnsupported() throws IOException {
    assertUnsupported(
        "operation 'defragment'",
        record -> ((ObjectNode) record.at("/script/8")).put("op", "defragment"));
  }

  @Test
  void whatWasNeverForbiddenCannotBePermitted() throws IOException {
    assertUnsupported(
        "disallow counts below 0",
        record -> {
          ObjectNode op = (ObjectNode) record.at("/script/0");
          op.removeAll();
          op.put("op", "disallow_lpage").put("gfn", 5).put("level", 2).put("add", 0);
          ((ObjectNode) record.at("/result/steps/0")).remove(Arrays.asList("fast", "goal"));
        });
  }

  private void assertUnsupported(String reason, Consumer<ObjectNode> change) throws IOException {
    ObjectNode record = shortScript();
    change.accept(record);
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(write(record + "\n" + shortScript() + "\n"), "--json", json);
    assertEquals("", run.err());
    assertEquals(1, run.exitCode());
    assertTrue(run.out().contains("    1  " + reason + System.lineSeparator()), run.out());
    JsonNode report = ConformRun.json(json);
    assertEquals(1, report.get("unsupported").intValue());
    assertEquals(1, report.get("agree").intValue());
    assertEquals(1, report.get("unsupportedReasons").get(reason).intValue());
  }

  // Usage.

  @Test
  void wrongUsageIsNoRun() {
    assertEquals(2, ConformRun.of().exitCode());
    assertEquals(2, ConformRun.of("").exitCode());
    assertEquals(2, ConformRun.of(Records.file(), "--group", "all").exitCode());
    assertEquals(2, ConformRun.of(Records.file(), "--nothing").exitCode());
    ConformRun help = ConformRun.of("--help");
    assertEquals(0, help.exitCode());
    assertTrue(help.out().contains("--group"), help.out());
  }

  @Test
  void resultsThatCannotBeWrittenAreKnownBeforeTheRun() throws IOException {
    Path file = write("no records at all");
    Path json = folder.resolve("missing").resolve("report.json");
    assertUnusable(
        json + ": cannot be written: no such directory", ConformRun.of(file, "--json", json));
    assertUnusable(file + ": is the file of the records", ConformRun.of(file, "--json", file));
  }

  @Test
  void resultsOfARunThatFailsDoNotReplaceOthers() throws IOException {
    Path json = Files.writeString(folder.resolve("report.json"), "kept");
    assertEquals(2, ConformRun.of(write("no record"), "--json", json).exitCode());
    assertEquals("kept", Files.readString(json));
    try (var files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
    assertEquals(0, ConformRun.of(write(shortScript() + "\n"), "--json", json).exitCode());
    assertFalse(Files.readString(json).contains("kept"));
  }
}
