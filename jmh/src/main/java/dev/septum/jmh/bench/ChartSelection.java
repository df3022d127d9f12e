package dev.septum.jmh.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which charts a file of results gives. The names of the results decide, and nothing else:
 *
 * <ul>
 *   <li>The <b>family</b> of a result is its benchmark's class, its mode and unit; the C program's
 *       results belong to the family of {@code SeptumPaths}.
 *   <li>Its <b>operation</b> is the method, with the parameters that have no other meaning.
 *   <li>Its <b>implementation</b> is the parameter {@code peer} or {@code lock}; {@code C} for the
 *       C program; {@code septum} otherwise.
 *   <li>Its <b>size</b> is the parameter {@code gib}.
 * </ul>
 *
 * <p>A family has a chart of cost by operation for each thread count (and size) at which two
 * implementations were measured. It has one of cost against threads if an operation was measured at
 * two thread counts, and one of cost against mapped size if at two sizes: with a line for each
 * operation, or, if there are several implementations, a chart for each operation with a line for
 * each implementation.
 */
final class ChartSelection {
  private static final List<String> IMPLEMENTATION_PARAMS = List.of("peer", "lock");
  private static final String SEPTUM = "septum";
  private static final String C = "C";
  private static final double CONFIDENCE = Measured.CONFIDENCE;

  private ChartSelection() {}

  /**
   * A chart.
   *
   * @param name of its file, without a suffix
   * @param title what is seen
   * @param xTitle with the unit, if it has one
   * @param yTitle with the unit
   * @param places the names of the places on the x axis, at equal distances
   * @param isLined whether the places are numbers in their order, so that lines may join them
   * @param series what is drawn
   */
  record Chart(
      String name,
      String title,
      String xTitle,
      String yTitle,
      List<String> places,
      boolean isLined,
      List<Series> series) {}

  /**
   * A series, with a name for the legend, and what it has at some of the places, by their names.
   */
  record Series(String name, Map<String, Point> points) {}

  /**
   * A point.
   *
   * @param y the mean
   * @param error half of the confidence interval; 0 if that is not known
   */
  record Point(double y, double error) {}

  /** A result, and what its name means. */
  private record Meaning(
      Family family, String operation, String implementation, int threads, int size, Point y) {

    static Meaning of(Measured result) {
      ResultKey key = result.key();
      Map<String, String> rest = new TreeMap<>(key.params());
      String implementation = CReference.isOf(key) ? C : SEPTUM;
      for (String param : IMPLEMENTATION_PARAMS) {
        String value = rest.remove(param);
        implementation = value == null ? implementation : value;
      }
      int size = 0;
      if (rest.getOrDefault(Suite.SIZE_PARAM, "").matches("[1-9]\\d{0,8}")) {
        size = Integer.parseInt(rest.remove(Suite.SIZE_PARAM));
      }
      String operation = key.operation();
      if (!rest.isEmpty()) {
        operation += " " + new ResultKey("", "", 1, rest).paramText();
      }
      double error = result.interval(CONFIDENCE).error();
      return new Meaning(
          new Family(
              CReference.isOf(key) ? CReference.COUNTERPART : key.className(),
              key.mode(),
              result.unit()),
          operation,
          implementation,
          key.threads(),
          size,
          new Point(result.score(), Double.isNaN(error) ? 0 : error));
    }
  }

  private record Family(String className, String mode, String unit) {
    String yTitle() {
      String what = mode.equals("thrpt") ? "throughput" : "time of one thread";
      return what + " [" + unit + "], error bars: 99.9% confidence";
    }
  }

  /** The charts, in the order of the results. */
  static List<Chart> of(Collection<Measured> results) {
    Map<Family, List<Meaning>> families =
        results.stream()
            .filter(result -> result.score() > 0)
            .map(Meaning::of)
            .collect(
                Collectors.groupingBy(Meaning::family, LinkedHashMap::new, Collectors.toList()));
    List<Chart> charts = new ArrayList<>();
    families.forEach(
        (family, members) -> {
          addByOperation(charts, family, members);
          addAgainst(charts, family, members, Axis.THREADS);
          addAgainst(charts, family, members, Axis.SIZE);
        });
    return charts;
  }

  private static void addByOperation(List<Chart> charts, Family family, List<Meaning> members) {
    record Setting(int threads, int size) {}
    Map<Setting, List<Meaning>> settings =
        members.stream()
            .collect(
                Collectors.groupingBy(
                    member -> new Setting(member.threads(), member.size()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    settings.forEach(
        (setting, all) -> {
          if (distinct(all, Meaning::implementation).size() < 2) {
            return;
          }
          String where =
              counted(setting.threads(), "thread")
                  + (setting.size() == 0 ? "" : ", " + setting.size() + " GiB");
          charts.add(
              new Chart(
                  fileName(family.className(), "operations", where),
                  family.className() + ": cost by operation, " + where,
                  "operation",
                  family.yTitle(),
                  distinct(all, Meaning::operation),
                  false,
                  series(all, Meaning::implementation, Meaning::operation)));
        });
  }

  /** What may be along the x axis as a number. */
  @SuppressWarnings("ImmutableEnumChecker") // method references have no state
  private enum Axis {
    THREADS("threads", Meaning::threads, Meaning::size),
    SIZE("mapped memory [GiB]", Meaning::size, Meaning::threads);

    private final String title;
    private final Function<Meaning, Integer> along;
    private final Function<Meaning, Integer> across;

    Axis(String title, Function<Meaning, Integer> along, Function<Meaning, Integer> across) {
      this.title = title;
      this.along = along;
      this.across = across;
    }

    /** What the other one has for value, if it has several in the chart's family. */
    String otherText(int value) {
      return this == SIZE ? counted(value, "thread") : value == 0 ? "" : value + " GiB";
    }

    String what() {
      return this == SIZE ? "mapped size" : "threads";
    }
  }

  private static void addAgainst(
      List<Chart> charts, Family family, List<Meaning> members, Axis axis) {
    Map<Integer, List<Meaning>> planes =
        members.stream()
            .collect(Collectors.groupingBy(axis.across, TreeMap::new, Collectors.toList()));
    planes.forEach(
        (value, plane) -> {
          String where = axis.otherText(value);
          boolean isOfOne = distinct(plane, Meaning::implementation).size() == 1;
          if (isOfOne) {
            addLines(charts, family, plane, axis, where, Meaning::operation);
            return;
          }
          for (String operation : distinct(plane, Meaning::operation)) {
            List<Meaning> ofOperation =
                plane.stream().filter(member -> member.operation().equals(operation)).toList();
            addLines(
                charts,
                family,
                ofOperation,
                axis,
                where.isEmpty() ? operation : operation + ", " + where,
                Meaning::implementation);
          }
        });
  }

  private static void addLines(
      List<Chart> charts,
      Family family,
      List<Meaning> members,
      Axis axis,
      String where,
      Function<Meaning, String> line) {
    Function<Meaning, Integer> x = axis.along;
    List<Meaning> placed = members.stream().filter(member -> x.apply(member) > 0).toList();
    boolean isLine =
        placed.stream().collect(Collectors.groupingBy(line)).values().stream()
            .anyMatch(points -> distinct(points, x).size() > 1);
    if (isLine) {
      charts.add(
          new Chart(
              fileName(family.className(), axis.what(), where),
              family.className()
                  + (where.isEmpty() ? "" : ", " + where)
                  + ": cost against "
                  + axis.what(),
              axis.title,
              family.yTitle(),
              placed.stream().map(x).distinct().sorted().map(Object::toString).toList(),
              true,
              series(placed, line, member -> x.apply(member).toString())));
    }
  }

  private static List<Series> series(
      List<Meaning> members, Function<Meaning, String> name, Function<Meaning, String> place) {
    Map<String, Map<String, Point>> series = new LinkedHashMap<>();
    for (Meaning member : members) {
      series
          .computeIfAbsent(name.apply(member), each -> new LinkedHashMap<>())
          .put(place.apply(member), member.y());
    }
    return series.entrySet().stream()
        .map(each -> new Series(each.getKey(), each.getValue()))
        .toList();
  }

  private static <T> List<T> distinct(List<Meaning> members, Function<Meaning, T> of) {
    return members.stream().map(of).distinct().toList();
  }

  private static String counted(int number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }

  private static String fileName(String... parts) {
    return Arrays.stream(parts)
        .filter(part -> !part.isEmpty())
        .map(part -> part.replaceAll("[^A-Za-z0-9]+", "-"))
        .collect(Collectors.joining("-"));
  }
}
