package dev.septum.simulator.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that appears whole or not at all. */
class WholeFileTest {
  @TempDir Path directory;

  @Test
  void nothingIsThereUntilItIsWritten() throws Exception {
    Path name = directory.resolve("out.json");
    WholeFile file = WholeFile.at(name);
    assertEquals(List.of(), files());
    file.write("{}");
    assertEquals(List.of(name), files());
    assertEquals("{}", Files.readString(name));
  }

  @Test
  void anOlderOneStaysUntilThen() throws Exception {
    Path name = Files.writeString(directory.resolve("out.json"), "old");
    WholeFile file = WholeFile.at(name);
    assertEquals("old", Files.readString(name));
    file.write("new");
    assertEquals("new", Files.readString(name));
  }

  @Test
  void theFileBehindLinkIsReplaced() throws Exception {
    Path real = Files.writeString(directory.resolve("real.json"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link.json"), real);
    WholeFile.at(link).write("new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(real));
  }

  @Test
  void whatCannotBeWrittenIsSaidBefore() throws Exception {
    assertEquals(directory + ": is a directory", refused(directory));
    Path nowhere = directory.resolve("no/out.json");
    assertEquals(nowhere + ": cannot be written: no such directory", refused(nowhere));
    Path below = Files.writeString(directory.resolve("file"), "").resolve("out.json");
    assertTrue(refused(below).startsWith(below + ": cannot be written: "), refused(below));
  }

  @Test
  void failureLeavesNothingBehind() throws Exception {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    WholeFile file = WholeFile.at(inner.resolve("out.json"));
    Files.delete(inner);
    IOException failure = assertThrows(IOException.class, () -> file.write("{}"));
    assertEquals(
        inner.resolve("out.json") + ": cannot be written: no such directory",
        file.describe(failure));
    assertFalse(Files.exists(inner));
  }

  private static String refused(Path name) {
    return assertThrows(BadInputException.class, () -> WholeFile.at(name)).getMessage();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
