package dev.septum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The house rules: who imports whom, what a room says about itself, how long a file may be. */
class RoomsTest {
  private static final Map<String, Integer> FLOORS =
      Map.of("sync", 1, "paging", 2, "tdx", 3, "trace", 3, "mmu", 4, "memory", 5, "td", 6, "vm", 7);
  private static final int MAX_LINES = 600;
  private static final Path HOUSE = Path.of("src/main/java/dev/septum");

  /** An import, or a qualified name in code or Javadoc. */
  private static final Pattern MENTION = Pattern.compile("\\bdev\\.septum\\.(\\w+)\\.[\\w.*]+");

  private static final Pattern TABLE =
      Pattern.compile(
          "<table>.*<caption>Shared state of this room</caption>.*</table>", Pattern.DOTALL);

  static List<Path> rooms() throws IOException {
    return list(HOUSE);
  }

  @Test
  void theHouseHasRooms() throws IOException {
    assertFalse(rooms().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void everyRoomIsOnAFloor(Path room) {
    assertTrue(FLOORS.containsKey(room.getFileName().toString()));
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomImportsOnlyRoomsOnLowerFloors(Path room) throws IOException {
    List<String> forbidden = new ArrayList<>();
    for (Path file : list(room)) {
      forbidden.addAll(forbiddenImports(room.getFileName().toString(), Files.readString(file)));
    }
    assertEquals(List.of(), forbidden);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomHasATableOfItsSharedFields(Path room) throws IOException {
    assertTrue(hasTable(Files.readString(room.resolve("package-info.java"))));
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void noFileIsTooLong(Path room) throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path file : list(room)) {
      if (isTooLong(Files.readString(file))) {
        tooLong.add(file.toString());
      }
    }
    assertEquals(List.of(), tooLong);
  }

  @ParameterizedTest
  @CsvSource({
    "paging, import, dev.septum.mmu.TdpMmu, a higher floor",
    "trace, import, dev.septum.tdx.Pamt, the same floor",
    "mmu, import static, dev.septum.vm.Vcpu.enter, a static import",
    "sync, import, dev.septum.paging.*, a wildcard",
    "vm, import, dev.septum.attic.Trunk, no room of the house",
    "sync, 'private final', dev.septum.paging.TablePool, a qualified name",
  })
  void aForbiddenImportIsFound(String room, String before, String name) {
    String source =
        String.format("package dev.septum.%s;%nimport java.util.List;%n%s %s;", room, before, name);
    assertEquals(List.of(room + ": " + name), forbiddenImports(room, source));
  }

  @ParameterizedTest
  @CsvSource({
    "mmu, import dev.septum.paging.Spte;",
    "paging, import dev.septum.paging.TableArena.TableState;",
    "vm, import java.util.List;",
  })
  void aLawfulImportIsNotFound(String room, String line) {
    assertEquals(List.of(), forbiddenImports(room, line));
  }

  @Test
  void aMissingTableIsFound() {
    assertFalse(hasTable("/** Floor 9: <table></table> */\npackage dev.septum.attic;\n"));
  }

  @Test
  void aFileThatIsTooLongIsFound() {
    assertTrue(isTooLong("//\n".repeat(MAX_LINES + 1)));
    assertFalse(isTooLong("//\n".repeat(MAX_LINES)));
  }

  private static List<String> forbiddenImports(String room, String source) {
    List<String> forbidden = new ArrayList<>();
    Matcher matcher = MENTION.matcher(source);
    while (matcher.find()) {
      String imported = matcher.group(1);
      int floor = FLOORS.getOrDefault(imported, Integer.MAX_VALUE);
      if (!imported.equals(room) && floor >= FLOORS.get(room)) {
        forbidden.add(room + ": " + matcher.group());
      }
    }
    return forbidden;
  }

  private static boolean hasTable(String packageInfo) {
    return TABLE.matcher(packageInfo).find();
  }

  private static boolean isTooLong(String source) {
    return source.lines().count() > MAX_LINES;
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
