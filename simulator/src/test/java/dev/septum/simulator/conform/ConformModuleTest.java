package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.conform.tdx.TdxRecords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command makes of records of the TDX module. */
class ConformModuleTest {
  @TempDir Path folder;

  private Path write(ObjectNode... records) throws IOException {
    StringBuilder text = new StringBuilder();
    for (ObjectNode record : records) {
      text.append(record).append('\n');
    }
    return Files.writeString(folder.resolve("records.jsonl"), text);
  }

  private static ObjectNode firstCase() {
    return TdxRecords.cases().get(0);
  }

  private static ObjectNode firstTrace() {
    return TdxRecords.traces().get(0);
  }

  @Test
  void tracesAreCountedByTheStateInWhichTheyBegin() throws IOException {
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(TdxRecords.traceFile(), "--json", json);
    assertEquals("", run.err());
    assertEquals(0, run.exitCode());
    assertTrue(run.out().contains("against the engine as TDX module 1.5.01"), run.out());
    assertTrue(run.out().contains("200 of 200 agree"), run.out());
    JsonNode report = ConformRun.json(json);
    assertEquals(200, report.get("traces").intValue());
    assertEquals(21_986, report.get("steps").intValue());
    assertEquals(150, report.at("/byGroup/runnable/agree").intValue());
    assertEquals(50, report.at("/byGroup/initialized/agree").intValue());
  }

  @ParameterizedTest
  @CsvSource({"locks, 153, 2", "LOCKS, 153, 2", "concurrent, 221, 0", "sequence, 86, 0"})
  void aSetIsAGroup(String group, int agree, int unsupported) throws IOException {
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(TdxRecords.caseFile(), "--group", group, "--json", json);
    assertEquals("", run.err());
    assertEquals(unsupported == 0 ? 0 : 1, run.exitCode());
    JsonNode report = ConformRun.json(json);
    assertEquals(agree + unsupported, report.get("cases").intValue());
    assertEquals(agree, report.get("agree").intValue());
    assertEquals(0, report.get("differ").intValue());
    assertEquals(unsupported, report.get("unsupported").intValue());
  }

  @Test
  void aDifferenceSaysWhereWhatAndHow() throws IOException {
    ObjectNode tampered = firstCase();
    tampered.put("rdx", "0x1");
    Path file = write(firstCase(), tampered);
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(file, "--json", json);
    assertEquals(1, run.exitCode());
    assertTrue(run.out().contains(file + ":2: case 2 SEPT.ADD base (matrix), result {"), run.out());
    assertTrue(run.out().contains("rdx: expected \"0x1\", found \"0x0\""), run.out());
    JsonNode difference = ConformRun.json(json).at("/differences/0");
    assertEquals(file + ":2", difference.get("place").asText());
    assertEquals(2, difference.get("id").intValue());
    assertEquals("matrix", difference.get("group").asText());
    assertEquals("rdx", difference.get("field").asText());
    assertEquals("SEPT.ADD", difference.at("/op/op").asText());
  }

  @Test
  void aStepThatDiffersIsNamed() throws IOException {
    ObjectNode tampered = firstTrace();
    ((ObjectNode) tampered.get("steps").get(7)).put("chldcnt", 1);
    Path file = write(tampered);
    ConformRun run = ConformRun.of(file);
    assertEquals(1, run.exitCode());
    assertTrue(
        run.out().contains(file + ":1: trace 0 seed 1000 (runnable), steps[7] {\"op\":"),
        run.out());
    assertTrue(run.out().contains("chldcnt: expected 1, found "), run.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "variant | upside_down | variant 'upside_down' of the set matrix",
        "variant | tree_lock_upside_down | variant 'tree_lock_upside_down' of the set matrix",
        "op | PAGE.EXPORT | operation PAGE.EXPORT",
        "op_state | DREAMING | operation state DREAMING",
        "news | 1 | field 'news' of the set matrix"
      })
  void whatIsNotKnownIsUnsupportedWithItsReason(String field, String value, String reason)
      throws IOException {
    ObjectNode record = firstCase();
    record.put(field, value);
    ConformRun run = ConformRun.of(write(record, firstCase()));
    assertEquals("", run.err());
    assertEquals(1, run.exitCode());
    assertTrue(run.out().contains("    1  " + reason + System.lineSeparator()), run.out());
    assertTrue(run.out().contains("1 of 2 agree"), run.out());
  }

  @Test
  void anUnknownTrackingOfABlockIsUnsupported() throws IOException {
    ObjectNode record =
        TdxRecords.cases().stream()
            .filter(one -> one.get("set").asText().equals("tracking"))
            .findFirst()
            .orElseThrow();
    record.put("tracked", "maybe");
    ConformRun run = ConformRun.of(write(record));
    assertTrue(run.out().contains("tracking 'maybe'"), run.out());
    assertEquals(1, run.exitCode());
  }

  @Test
  void aTraceThatBeginsOtherwiseIsUnsupported() throws IOException {
    ObjectNode record = firstTrace();
    record.putArray("sept_levels_prebuilt").add(3);
    ConformRun run = ConformRun.of(write(record));
    assertTrue(run.out().contains("tables that are there from the start"), run.out());
    assertEquals(1, run.exitCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "entry_before | a number in hexadecimal (0x...) at entry_before",
        "level | an integer from 0 to 3 at level",
        "fatal | true or false at fatal",
        "set | a text at set",
        "op | a text at op"
      })
  void aCaseThatSaysNothingIsNamed(String field, String expected) throws IOException {
    ObjectNode record = firstCase();
    record.put(field, 1.5);
    Path file = write(firstCase(), record);
    ConformRun run = ConformRun.of(file);
    assertEquals(file + ":2: expected " + expected + ", found 1.5", run.err().strip());
    assertEquals("", run.out());
    assertEquals(2, run.exitCode());
  }

  @ParameterizedTest
  @CsvSource({"entry_after", "pamt_after", "chldcnt_delta", "locks_after"})
  void aMissingResultIsNamed(String field) throws IOException {
    ObjectNode record = firstCase();
    record.remove(field);
    Path file = write(record);
    ConformRun run = ConformRun.of(file);
    assertEquals(file + ":1: expected a value at " + field + ", found nothing", run.err().strip());
    assertEquals(2, run.exitCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpa | a number in hexadecimal (0x...) at steps[3].gpa",
        "r8 | a number in hexadecimal (0x...) at steps[3].r8",
        "op | a text at steps[3].op"
      })
  void aStepThatSaysNothingIsNamed(String field, String expected) throws IOException {
    ObjectNode record = firstTrace();
    ((ObjectNode) record.get("steps").get(3)).put(field, true);
    Path file = write(record);
    ConformRun run = ConformRun.of(file);
    assertEquals(file + ":1: expected " + expected + ", found true", run.err().strip());
    assertEquals(2, run.exitCode());
  }

  @Test
  void filesAreOfOneKind() throws IOException {
    Path file = write(firstCase(), firstTrace());
    ConformRun run = ConformRun.of(file);
    assertEquals(2, run.exitCode());
    assertTrue(run.err().startsWith(file + ":2: expected a case, found {"), run.err());
  }

  @Test
  void aGroupThatIsNotThereIsNamed() {
    ConformRun run = ConformRun.of(TdxRecords.caseFile(), "--group", "core");
    assertEquals(
        List.of(TdxRecords.caseFile() + ": expected cases of the group core, found none"),
        run.err().lines().toList());
    assertEquals(2, run.exitCode());
  }
}
