package dev.septum.jcstress.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.Outcome;

/** The matrix holds; and each of its rules is seen broken. */
class RaceMatrixTest {
  private static final Path DOCUMENT = Path.of("../docs/race-matrix.md");
  private static final Set<Tree> NONE = EnumSet.noneOf(Tree.class);

  private final RaceMatrix matrix = RaceMatrix.load();

  @Test
  void everyPairHasItsTest() {
    assertEquals(List.of(), matrix.violations(RaceMatrix.COMPLETE));
  }

  @Test
  void theDocumentSaysWhatTheTestsSay() throws IOException {
    assertTrue(matrix.isWrittenIn(Files.readString(DOCUMENT)), "write it anew: RaceMatrix --write");
  }

  @Test
  void aDocumentThatSaysSomethingElseIsNotTaken() throws IOException {
    String document = Files.readString(DOCUMENT);
    assertFalse(matrix.isWrittenIn(document.replaceFirst("SplitAgainstZap", "SplitAgainstZip")));
  }

  @Test
  void aPairWithoutTestIsReported() {
    for (Pair pair :
        List.of(
            new Pair(Tree.DIRECT, Operation.MERGE, Operation.SPLIT_SHARED),
            new Pair(Tree.DIRECT, Operation.SPLIT_SHARED, Operation.ZAP))) {
      List<RaceTest> others = new ArrayList<>(matrix.tests());
      others.removeAll(matrix.testsOf(pair));
      String kind = pair.isRacing() ? "racing" : "forbidden";
      assertTrue(
          new RaceMatrix(others)
              .violations(RaceMatrix.COMPLETE)
              .contains(String.format("%s (%s) has no test", pair, kind)));
    }
  }

  @Test
  void aRacingPairMayBeMissingOnlyWhereTheTreeIsNotComplete() {
    List<String> violations = new RaceMatrix(List.of()).violations(NONE);
    for (Tree tree : Tree.values()) {
      for (Pair pair : Pair.all(tree)) {
        assertEquals(!pair.isRacing(), violations.contains(pair + " (forbidden) has no test"));
      }
    }
    int pairs = 0;
    for (Tree tree : Tree.values()) {
      pairs += Pair.all(tree).size();
    }
    assertEquals(pairs, new RaceMatrix(List.of()).violations(EnumSet.allOf(Tree.class)).size());
  }

  @Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.MERGE)
  @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "Something.")
  private static final class Blind {}

  @Race(
      tree = Tree.DIRECT,
      first = Operation.MERGE,
      second = Operation.MERGE,
      unseen = "Both only look.")
  @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "Something.")
  private static final class BlindForAReason {}

  @Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.ZAP)
  @Outcome(id = "1", expect = Expect.ACCEPTABLE_INTERESTING, desc = "Both at once.")
  private static final class Overlapping {}

  @Race(tree = Tree.DIRECT, first = Operation.STORE, second = Operation.ZAP)
  private static final class Astray {}

  @Outcome(id = "1", expect = Expect.ACCEPTABLE)
  private static final class Silent {}

  private static List<String> about(Class<?> test) {
    return new RaceMatrix(List.of(RaceTest.of(test)))
        .violations(NONE).stream().filter(line -> !line.endsWith("has no test")).toList();
  }

  @Test
  void aRacingTestThatSeesNoRaceMustSayWhy() {
    assertEquals(
        List.of(
            "DIRECT: MERGE x MERGE may overlap, but RaceMatrixTest$Blind has no"
                + " ACCEPTABLE_INTERESTING outcome, nor says why"),
        about(Blind.class));
    assertEquals(List.of(), about(BlindForAReason.class));
  }

  @Test
  void aForbiddenPairMustNotBeAcceptedAsARace() {
    assertEquals(
        List.of(
            "DIRECT: ZAP x ZAP is forbidden, but RaceMatrixTest$Overlapping accepts what only an"
                + " overlap gives"),
        about(Overlapping.class));
  }

  @Test
  void anOperationOnTheWrongTreeIsReported() {
    assertEquals(
        List.of("RaceMatrixTest$Astray says DIRECT: STORE x ZAP, which is no pair there"),
        about(Astray.class));
  }

  @Test
  void anOutcomeWithoutWordsIsReported() {
    assertEquals(List.of("RaceMatrixTest$Silent does not say what '1' means"), about(Silent.class));
  }

  @Test
  void aLogIsReadFromTheSumsOn() {
    StressResults results =
        StressResults.of(
            """
            .......... [OK] dev.septum.jcstress.SplitAgainstSplit
              RESULT  SAMPLES     FREQ      EXPECT  DESCRIPTION
                0, 0      999   32.39%  Acceptable  Read before.
            RUN RESULTS:
            .......... [OK] dev.septum.jcstress.SplitAgainstSplit

              Results across all configurations:

                     RESULT  SAMPLES     FREQ       EXPECT  DESCRIPTION
              1, 0, 2, 0, 0    1,234   32.39%   Acceptable  The first is done before.
              1, 0, 2, 0, 1       12   <0.01%  Interesting  Both filled a table.
              ZAP, 2, 0, 1         3   <0.01%  Forbidden  None.
            """
                .lines()
                .toList());
    RaceTest test =
        matrix
            .testsOf(new Pair(Tree.DIRECT, Operation.SPLIT_SHARED, Operation.SPLIT_SHARED))
            .get(0);
    assertEquals(1249, results.samples(test, StressResults.ANY));
    assertEquals(12, results.samples(test, StressResults.INTERESTING));
    assertEquals(3, results.samples(test, Operation.ZAP, StressResults.FORBIDDEN));
    assertEquals(0, results.samples(test, Operation.ZAP, StressResults.INTERESTING));
    assertEquals(3, results.total(StressResults.FORBIDDEN));
    assertThrows(IllegalArgumentException.class, () -> StressResults.of(List.of("nothing")));
  }

  @Test
  void whatARunHasSeenIsWrittenBehindTheMatrixAndKept() {
    StressResults results =
        StressResults.of(
            """
            RUN RESULTS:
            .......... [FAILED] dev.septum.jcstress.alone.ZapAloneInDirect
              FAULT_4K, 0, 0, 0    1,200   99.41%  Acceptable  A fault.
              FAULT_4K, 1, 1, 0        7   <0.01%   Forbidden  A fault.
            .......... [OK] dev.septum.jcstress.SplitAgainstSplit
              1, 0, 2, 0, 1           12   <0.01%  Interesting  Both filled a table.
            """
                .lines()
                .toList());
    String seen = RaceMatrixDocument.of(matrix, results);
    assertTrue(seen.contains("| - against fault 4k | 1,207 | one had to wait: 7 | 7 |"), seen);
    assertTrue(seen.contains("| `1, 0, 2, 0, 1` 12 | 0 |"), seen);
    assertEquals(List.of(), matrix.neverMet(results));
    String document = RaceMatrixDocument.of(matrix) + seen;
    assertEquals(seen, RaceMatrixDocument.resultsIn(document));
    assertTrue(matrix.isWrittenIn(document));
  }

  @Test
  void thoseThatTheLockKeepsApartAndThatNeverMetAreFound() {
    StressResults results =
        StressResults.of(
            List.of(
                "RUN RESULTS:",
                ".......... [OK] dev.septum.jcstress.alone.ZapAloneInDirect",
                "  FAULT_4K, 0, 0, 0    1,200   99.41%  Acceptable  A fault."));
    assertEquals(
        List.of("ZapAloneInDirect and FAULT_4K have never met there"), matrix.neverMet(results));
  }

  @Test
  void theCommandWritesAndChecks(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("race-matrix.md");
    assertEquals(2, run("--check", file.toString())); // there is none
    assertEquals(0, run("--write", file.toString()));
    assertEquals(2, run("--write", file.toString(), "--results", file.toString()));
    assertEquals(0, run("--check", file.toString()));
    Files.writeString(file, Files.readString(file) + "more\n");
    assertEquals(1, run("--check", file.toString()));
    assertEquals(0, run("--help"));
    assertEquals(2, run("--write"));
    assertEquals(2, run());
  }

  private static int run(String... arguments) throws IOException {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    return RaceMatrix.run(List.of(arguments), nowhere);
  }
}
