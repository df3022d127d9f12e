package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in C: what it prints, and what becomes of it in a file. */
class CReferenceTest {
  private static final String TEXT =
      """
      translate             2 threads      6.30 ns/op     317.46 Mops/s  (rounds: min 6.21 max 7.02)
      zap4k                 2 threads      0.55 ns/op    1818.18 Mops/s  (rounds: min 0.55 max 0.61)
      """;

  @TempDir Path directory;

  private final CReference reference = new CReference(Path.of("cref"));

  @Test
  void everyLineIsAnOperation() throws Exception {
    assertEquals(Map.of("translate", 6.30, "zap4k", 0.55), reference.parse(TEXT, 2));
    assertEquals(Map.of("a", 12.0), reference.parse("a 1 threads 12 ns/op\n", 1));
  }

  @Test
  void anythingElseIsRefusedWithItsLine() {
    assertRefused("no output", "", 2);
    assertRefused(
        "line 1: expected 'OPERATION 1 threads N ns/op', found 'translate             2 threads",
        TEXT,
        1);
    assertRefused("line 3: expected 'OPERATION 2 threads N ns/op', found 'oom'", TEXT + "oom\n", 2);
    assertRefused("line 1: expected", "translate 2 threads fast ns/op\n", 2);
    assertRefused("line 1: expected", "translate 2 threads 5 us/op\n", 2);
  }

  @Test
  void isRunWithTheNumberOfThreads() throws Exception {
    CReference program = program("echo \"translate $1 threads 6.5 ns/op\"");
    assertEquals(Map.of("translate", 6.5), program.run(2));
  }

  @Test
  void failureIsSaidInOneLine() throws Exception {
    CReference program = program("echo \"translate $1 threads 6.5 ns/op\"; exit 3");
    IOException failure = assertThrows(IOException.class, () -> program.run(2));
    assertEquals(program.program() + " 2: ended with exit code 3", failure.getMessage());
  }

  @Test
  void resultsAreReadBackWithOneSampleAFork() throws Exception {
    ArrayNode root = new ObjectMapper().createArrayNode();
    ResultKey key = CReference.key("translate", 2);
    reference.put(root.addObject(), key, List.of(6.0, 7.0, 8.0));
    reference.put(root.addObject(), CReference.key("zap4k", 2), List.of(0.5));
    ResultFile file = ResultFile.of("results", root);
    Measured result = file.results().get(key);
    assertEquals(7.0, result.score(), 1e-9);
    assertEquals(List.of(6.0, 7.0, 8.0), result.samples());
    assertEquals(result.atDefault(), result.interval(Measured.CONFIDENCE));
    assertTrue(CReference.isOf(key));
    assertTrue(!file.results().get(CReference.key("zap4k", 2)).atDefault().isKnown());
  }

  private void assertRefused(String message, String text, int threads) {
    IOException failure = assertThrows(IOException.class, () -> reference.parse(text, threads));
    String said = failure.getMessage();
    assertTrue(said.startsWith("cref " + threads + ": " + message), said);
  }

  private CReference program(String command) throws IOException {
    return new CReference(script(directory, command));
  }

  /** A program of the shell. */
  static Path script(Path directory, String command) throws IOException {
    Path script = Files.writeString(directory.resolve("cref"), "#!/bin/sh\n" + command + "\n");
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }
}
