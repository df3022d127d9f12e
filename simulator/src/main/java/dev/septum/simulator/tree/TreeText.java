package dev.septum.simulator.tree;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A view for people: a line for each row, in columns as wide as they have to be. */
public final class TreeText {
  private static final List<String> TD_HEADER =
      List.of(" ", "gfns", "direct", "mirror", "S-EPT", "memory", "inhibit", "backing");
  private static final List<String> HEADER = List.of(" ", "gfns", "direct", "backing");
  private static final String DISAGREES = "!";

  private TreeText() {}

  /**
   * Prints a view.
   *
   * @param indent what each line begins with
   */
  public static void print(PrintWriter out, TreeView view, String indent) {
    boolean isTd = view.rows().stream().anyMatch(row -> row.mirror() != null);
    List<List<String>> lines = new ArrayList<>();
    lines.add(isTd ? TD_HEADER : HEADER);
    view.rows().forEach(row -> lines.add(columns(row)));
    if (view.rows().isEmpty()) {
      out.println(indent + "nothing is mapped");
    } else {
      int[] widths = new int[lines.get(0).size()];
      for (List<String> line : lines) {
        for (int i = 0; i < widths.length; i++) {
          widths[i] = Math.max(widths[i], line.get(i).length());
        }
      }
      lines.forEach(line -> out.println((indent + joined(line, widths)).stripTrailing()));
    }
    if (view.moreRows() > 0) {
      out.println(indent + "and " + view.moreRows() + " more rows (--limit)");
    }
    if (view.disagreeing() > 0) {
      out.println(
          indent
              + DISAGREES
              + " mirror and S-EPT disagree in "
              + view.disagreeing()
              + " of the rows");
    }
  }

  private static List<String> columns(TreeRow row) {
    List<String> columns = new ArrayList<>();
    columns.add(row.agrees() ? " " : DISAGREES);
    columns.add(String.format("0x%x-0x%x", row.start(), row.end()));
    columns.add(row.direct().toString());
    if (row.mirror() != null && row.sept() != null) {
      columns.add(row.mirror().toString());
      columns.add(row.sept().toString());
      columns.add(row.memory().kind().toString());
      columns.add(row.memory().inhibitText());
    }
    columns.add(row.memory().backingText());
    return columns;
  }

  private static String joined(List<String> line, int[] widths) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length()));
      text.append(i == 0 ? " " : "  ");
    }
    return text.toString();
  }
}
