package dev.septum.jmh.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Lines in columns: the first is left-aligned, the others are right-aligned. */
final class ResultTable {
  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();

  ResultTable(String... names) {
    rows.add(names);
  }

  /**
   * The results of a file: score, error at 99.9% confidence, and unit; bytes allocated for each
   * operation if they were counted; C's score and the ratio to it if it was run.
   */
  static ResultTable of(ResultFile file) {
    boolean isProfiled =
        file.results().values().stream().anyMatch(result -> !Double.isNaN(result.bytesPerOp()));
    boolean hasReference = file.results().keySet().stream().anyMatch(CReference::isOf);
    List<String> names = new ArrayList<>(List.of("benchmark", "threads", "score", "error", "unit"));
    if (isProfiled) {
      names.add("B/op");
    }
    if (hasReference) {
      names.addAll(List.of("C", "ratio"));
    }
    ResultTable table = new ResultTable(names.toArray(new String[0]));
    for (Measured result : file.results().values()) {
      if (CReference.isOf(result.key())) {
        continue;
      }
      List<String> row =
          new ArrayList<>(
              List.of(
                  result.key().label(),
                  Integer.toString(result.key().threads()),
                  number(result.score()),
                  error(result.interval(Measured.CONFIDENCE)),
                  result.unit()));
      if (isProfiled) {
        row.add(number(result.bytesPerOp()));
      }
      if (hasReference) {
        Measured reference = reference(file, result);
        row.add(reference == null ? "" : number(reference.score()));
        row.add(reference == null ? "" : number(result.score() / reference.score()));
      }
      table.add(row.toArray(new String[0]));
    }
    return table;
  }

  private static @Nullable Measured reference(ResultFile file, Measured result) {
    ResultKey key = result.key();
    if (!key.className().equals(CReference.COUNTERPART)) {
      return null;
    }
    Measured reference = file.results().get(CReference.key(key.operation(), key.threads()));
    return reference != null && reference.unit().equals(result.unit()) ? reference : null;
  }

  /** Adds a line, of as many words as there are columns. */
  void add(String... row) {
    rows.add(row);
  }

  /** Prints it. */
  void print(PrintWriter out) {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int column = 0; column < row.length; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.length; column++) {
        String blanks = " ".repeat(widths[column] - row[column].length());
        line.append(column == 0 ? row[column] + blanks : GAP + blanks + row[column]);
      }
      out.println(line.toString().stripTrailing());
    }
    out.flush();
  }

  /** Three digits that count, or more before the point: 0.0123, 1.23, 12.3, 1,234. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "?";
    }
    double size = Math.abs(value);
    int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size == 0 ? 2 : 4;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /** Half of an interval: plus or minus, {@code ±0.12}. */
  static String error(Measured.Interval interval) {
    return "\u00b1" + number(interval.error());
  }
}
