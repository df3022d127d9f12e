package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.tdx.StateTable.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of states and operations, cell by cell, against the module; and the page of the
 * documentation that shows it. {@code -Dseptum.docs.write=true} writes that page anew.
 *
 * <p>A cell is the state behind a success, or the error: ESI EPT_ENTRY_STATE_INCORRECT, NB
 * GPA_RANGE_NOT_BLOCKED, AB GPA_RANGE_ALREADY_BLOCKED, ND TLB_TRACKING_NOT_DONE, NF
 * EPT_PAGE_NOT_FREE, SM PAGE_SIZE_MISMATCH, AA PAGE_ALREADY_ACCEPTED; or a TD exit: Xa for an
 * ACCEPT, Xp for a touch of a pending page, X0 any other. A table's children are all MAPPED.
 */
final class StateTableTest {
  private static final Path PAGE = Path.of("../docs/tdx-state-table.md");
  private static final String WRITE = "septum.docs.write";

  /** Entries of 2M. {@code -} and {@code +}: not tracked, tracked. */
  private static final String RUNNABLE_2M =
      """
      state             SEPT.ADD  AUG     BLOCK           UNBLOCK   REMOVE DEMOTE  PROMOTE SEPT.REMOVE same   lower access
      FREE              NL_MAPPED PENDING ESI             ESI       ESI    ESI     ESI     ESI         Xa     Xa    X0
      REMOVED           ESI       PENDING ESI             ESI       ESI    ESI     ESI     ESI         SM1    Xa    X0
      NL_MAPPED         ESI       ESI     NL_BLOCKED      ESI       ESI    ESI     NB      NB          SM1    AA0   ok
      NL_BLOCKED-       ESI       ESI     AB              ND        ESI    ESI     ND      ND          SM1    Xa    X0
      NL_BLOCKED+       ESI       ESI     AB              NL_MAPPED ESI    ESI     MAPPED  NF          SM1    Xa    X0
      MAPPED            ESI       ESI     BLOCKED         ESI       NB     NB      ESI     ESI         AA1    AA1   ok
      BLOCKED-          ESI       ESI     AB              ND        ND     ND      ESI     ESI         Xa     Xa    X0
      BLOCKED+          ESI       ESI     AB              MAPPED    FREE   MAPPEDs ESI     ESI         Xa     Xa    X0
      PENDING           ESI       ESI     PENDING_BLOCKED ESI       NB     NB      ESI     ESI         MAPPED Xa    Xp
      PENDING_BLOCKED-  ESI       ESI     AB              ND        ND     ND      ESI     ESI         Xa     Xa    X0
      PENDING_BLOCKED+  ESI       ESI     AB              PENDING   FREE   PENDINGs ESI    ESI         Xa     Xa    X0
      """;

  /** In the build nothing needs to be blocked, nor tracked. */
  private static final String BUILD_2M =
      """
      state             SEPT.ADD  AUG     BLOCK           UNBLOCK   REMOVE DEMOTE  PROMOTE SEPT.REMOVE same   lower access
      FREE              NL_MAPPED PENDING ESI             ESI       ESI    ESI     ESI     ESI         Xa     Xa    X0
      NL_MAPPED         ESI       ESI     NL_BLOCKED      ESI       ESI    ESI     MAPPED  NF          SM1    AA0   ok
      NL_BLOCKED-       ESI       ESI     AB              NL_MAPPED ESI    ESI     MAPPED  NF          SM1    Xa    X0
      MAPPED            ESI       ESI     BLOCKED         ESI       FREE   MAPPEDs ESI     ESI         AA1    AA1   ok
      BLOCKED-          ESI       ESI     AB              MAPPED    FREE   MAPPEDs ESI     ESI         Xa     Xa    X0
      PENDING           ESI       ESI     PENDING_BLOCKED ESI       FREE   PENDINGs ESI    ESI         MAPPED Xa    Xp
      PENDING_BLOCKED-  ESI       ESI     AB              PENDING   FREE   PENDINGs ESI    ESI         Xa     Xa    X0
      """;

  private static final String RUNNABLE_4K =
      """
      state             AUG     BLOCK           UNBLOCK REMOVE RELOCATE same   access
      FREE              PENDING ESI             ESI     ESI    ESI      Xa     X0
      REMOVED           PENDING ESI             ESI     ESI    ESI      SM0    X0
      MAPPED            ESI     BLOCKED         ESI     NB     NB       AA0    ok
      BLOCKED-          ESI     AB              ND      ND     ND       Xa     X0
      BLOCKED+          ESI     AB              MAPPED  FREE   MAPPED   Xa     X0
      PENDING           ESI     PENDING_BLOCKED ESI     NB     NB       MAPPED Xp
      PENDING_BLOCKED-  ESI     AB              ND      ND     ND       Xa     X0
      PENDING_BLOCKED+  ESI     AB              PENDING FREE   PENDING  Xa     X0
      """;

  private static final String BUILD_4K =
      """
      state             AUG     BLOCK           UNBLOCK REMOVE RELOCATE same   access
      MAPPED            ESI     BLOCKED         ESI     FREE   MAPPED   AA0    ok
      BLOCKED-          ESI     AB              MAPPED  FREE   MAPPED   Xa     X0
      PENDING           ESI     PENDING_BLOCKED ESI     FREE   PENDING  MAPPED Xp
      PENDING_BLOCKED-  ESI     AB              PENDING FREE   PENDING  Xa     X0
      """;

  /** Pages of 1G come about by PROMOTE alone, and are never accepted whole. */
  private static final String RUNNABLE_1G =
      """
      state             SEPT.ADD  BLOCK           UNBLOCK   REMOVE DEMOTE   PROMOTE SEPT.REMOVE lower access
      FREE              NL_MAPPED ESI             ESI       ESI    ESI      ESI     ESI         Xa    X0
      NL_MAPPED         ESI       NL_BLOCKED      ESI       ESI    ESI      NB      NB          AA1   ok
      NL_BLOCKED+       ESI       AB              NL_MAPPED ESI    ESI      MAPPED  NF          Xa    X0
      MAPPED            ESI       BLOCKED         ESI       NB     NB       ESI     ESI         AA2   ok
      BLOCKED+          ESI       AB              MAPPED    FREE   MAPPEDs  ESI     ESI         Xa    X0
      PENDING           ESI       PENDING_BLOCKED ESI       NB     NB       ESI     ESI         Xa    Xp
      PENDING_BLOCKED+  ESI       AB              PENDING   FREE   PENDINGs ESI     ESI         Xa    X0
      """;

  static Stream<Arguments> cells() {
    List<Arguments> cells = new ArrayList<>();
    addCells(cells, RUNNABLE_2M, OpState.RUNNABLE, 1);
    addCells(cells, BUILD_2M, OpState.INITIALIZED, 1);
    addCells(cells, RUNNABLE_4K, OpState.RUNNABLE, 0);
    addCells(cells, BUILD_4K, OpState.INITIALIZED, 0);
    addCells(cells, RUNNABLE_1G, OpState.RUNNABLE, 2);
    return cells.stream();
  }

  private static void addCells(List<Arguments> cells, String table, OpState opState, int level) {
    List<String> lines = table.lines().toList();
    String[] heads = lines.get(0).split(" +", -1);
    for (String line : lines.subList(1, lines.size())) {
      String[] row = line.split(" +", -1);
      assertEquals(heads.length, row.length, line);
      for (int i = 1; i < row.length; i++) {
        cells.add(Arguments.of(opState, level, row[0], heads[i], row[i]));
      }
    }
  }

  @ParameterizedTest(name = "{0}, level {1}: {2}, {3} gives {4}")
  @MethodSource("cells")
  void everyCellIsWhatTheModuleDoes(
      OpState opState, int level, String row, String column, String expected) {
    StateTable table = new StateTable(TestDomain.v1501(TestDomain.SMALL), opState);
    SeptState state = SeptState.valueOf(row.replaceAll("[-+]", ""));
    String cell = table.cell(state, operation(column), level, row.endsWith("+"));
    assertEquals(expected, shortened(cell));
  }

  private static Operation operation(String column) {
    return switch (column) {
      case "same" -> Operation.ACCEPT_SAME;
      case "lower" -> Operation.ACCEPT_LOWER;
      case "access" -> Operation.ACCESS;
      default -> Operation.valueOf(column.replace('.', '_'));
    };
  }

  private static String shortened(String cell) {
    return cell.replace("PAGE_SIZE_MISMATCH level", "SM")
        .replace("PAGE_ALREADY_ACCEPTED level", "AA")
        .replace("EPT_PAGE_NOT_FREE", "NF")
        .replace("X(accept)", "Xa")
        .replace("X(pending)", "Xp")
        .replace("X(0)", "X0")
        .replaceAll("NL_MAPPED over (\\w+)", "$1s");
  }

  @Test
  void thePageOfTheDocumentationIsWhatTheModuleDoes() throws IOException {
    String page = StateTablePage.markdown();
    if (Boolean.getBoolean(WRITE)) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, page);
    }
    assertEquals(
        page,
        Files.exists(PAGE) ? Files.readString(PAGE) : "",
        () -> PAGE + " is not what the module does; -D" + WRITE + "=true writes it anew");
  }
}
