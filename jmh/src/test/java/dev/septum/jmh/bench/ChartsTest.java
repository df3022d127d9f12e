package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.jmh.bench.ChartSelection.Chart;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Which charts a file gives, and what is in them. */
class ChartsTest {
  /** The first and second colours. */
  private static final String FIRST = "stroke:rgb(0,114,178)";

  private static final String SECOND = "stroke:rgb(213,94,0)";

  /** Ticks and caps are shorter. */
  private static final double LEAST = 8;

  @TempDir Path directory;

  @Test
  void peersHaveAChartByOperationForEachThreadCountAndOneAgainstThreadsForEachOperation()
      throws Exception {
    Results results = new Results();
    for (String peer : List.of("SEPTUM", "HASH_MAP", "SKIP_LIST")) {
      for (int threads : new int[] {1, 2}) {
        results.add("a.PeerPaths.put", threads, "peer=" + peer, 10, 11, 12);
        results.add("a.PeerPaths.get", threads, "peer=" + peer, 20, 21, 22);
      }
    }
    List<Chart> charts = charts(results);
    assertEquals(
        List.of(
            "PeerPaths-operations-1-thread",
            "PeerPaths-operations-2-threads",
            "PeerPaths-threads-get",
            "PeerPaths-threads-put"),
        charts.stream().map(Chart::name).toList());
    Chart byOperation = charts.get(0);
    assertEquals(List.of("get", "put"), byOperation.places());
    assertEquals(List.of("HASH_MAP", "SEPTUM", "SKIP_LIST"), names(byOperation));
    assertEquals(List.of("1", "2"), charts.get(2).places());
    assertEquals(List.of("HASH_MAP", "SEPTUM", "SKIP_LIST"), names(charts.get(2)));
  }

  @Test
  void programInCIsAnImplementationOfSeptumPaths() throws Exception {
    Chart chart =
        charts(
                new Results()
                    .add("dev.septum.jmh.SeptumPaths.translate", 1, 8, 9, 10)
                    .add("cref.translate", 1, 6, 7, 8))
            .get(0);
    assertEquals("SeptumPaths-operations-1-thread", chart.name());
    assertEquals(List.of("translate"), chart.places());
    assertEquals(new TreeSet<>(List.of("C", "septum")), new TreeSet<>(names(chart)));
  }

  @Test
  void sizesAreInTheOrderOfNumbersAndOtherParametersNameTheLine() throws Exception {
    Results results = new Results();
    for (int gib : new int[] {1024, 1, 16}) {
      results.add("a.ScalePaths.walk", 1, "gib=" + gib, 10, 11, 12);
      results.add("a.ScalePaths.walk", 1, "gib=" + gib + " wide=true", 20, 21, 22);
    }
    Chart chart = charts(results).get(0);
    assertEquals("ScalePaths-mapped-size-1-thread", chart.name());
    assertEquals(List.of("1", "16", "1024"), chart.places());
    assertEquals(new TreeSet<>(List.of("walk", "walk wide=true")), new TreeSet<>(names(chart)));
  }

  @Test
  void onePointIsNoChart() throws Exception {
    assertEquals(List.of(), charts(new Results().add("a.B.c", 1, 1, 2, 3)));
  }

  @Test
  void svgIsWellFormedAndNamesAxesTitleAndSeries() throws Exception {
    Document svg = svg(locks(1, 2));
    List<String> texts = new ArrayList<>();
    NodeList nodes = svg.getElementsByTagName("text");
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent().strip());
    }
    for (String text :
        List.of(
            "LockPaths: cost by operation, 1 thread",
            "operation",
            "time of one thread [ns/op], error bars: 99.9% confidence",
            "BIASED",
            "STAMPED",
            "acquire",
            "release")) {
      assertTrue(texts.contains(text), () -> text + " is not among " + texts);
    }
  }

  @Test
  void everyPointHasAnErrorBarAsLongAsItsInterval() throws Exception {
    List<Double> first = bars(svg(locks(1, 2)), FIRST);
    List<Double> second = bars(svg(locks(1, 2)), SECOND);
    assertEquals(2, first.size());
    assertEquals(2, second.size());
    for (int i = 0; i < 2; i++) {
      assertEquals(2, second.get(i) / first.get(i), 0.05, "the second varies twice as much");
    }
    List<Double> wider = bars(svg(locks(0.5, 2)), FIRST);
    assertEquals(0.5, wider.get(0) / first.get(0), 0.1, "half the variation, half the bar");
    assertEquals(List.of(), bars(svg(locks(0, 2)), FIRST), "no variation, no bar to be seen");
  }

  @Test
  void barThatWouldGoBelowNothingEndsAtTheAxis() throws Exception {
    // far apart, so that the axis is logarithmic; the first interval goes far below 0
    Results results =
        new Results()
            .add("a.LockPaths.acquire", 1, "lock=BIASED", 1, 2, 30)
            .add("a.LockPaths.acquire", 1, "lock=STAMPED", 1000, 1010, 1020);
    List<Double> bars = bars(svg(results), FIRST);
    assertEquals(1, bars.size());
    assertTrue(bars.get(0) < 560, bars::toString);
  }

  @Test
  void commandDrawsFilesAndSaysSo() throws Exception {
    Path json = locks(1, 2).write(directory.resolve("results.json"));
    Path out = directory.resolve("deep/charts");
    CommandRun run = CommandRun.of("charts", json.toString(), "--charts", out.toString(), "--png");
    assertEquals(0, run.code(), run::toString);
    Path svg = out.resolve("LockPaths-operations-1-thread.svg");
    assertEquals("septum: drew " + svg, run.err().strip());
    assertEquals("svg", parse(Files.readString(svg)).getDocumentElement().getNodeName());
    byte[] png = Files.readAllBytes(out.resolve("LockPaths-operations-1-thread.png"));
    assertEquals("PNG", new String(png, 1, 3, StandardCharsets.US_ASCII));
    try (Stream<Path> files = Files.list(out)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void nothingToDrawIsBadInput() throws Exception {
    Path json = new Results().add("a.B.c", 1, 1, 2, 3).write(directory.resolve("results.json"));
    CommandRun run = CommandRun.of("charts", json.toString(), "--charts", directory + "/charts");
    assertEquals(2, run.code(), run::toString);
    assertEquals(
        json + ": nothing to draw: no two implementations, thread counts or sizes",
        run.err().strip());
    Path file = Files.writeString(directory.resolve("file"), "");
    locks(1, 2).write(json);
    run = CommandRun.of("charts", json.toString(), "--charts", file.toString());
    assertEquals(2, run.code(), run::toString);
    assertTrue(run.err().startsWith(file + ": cannot be made: "), run::toString);
  }

  /** Two operations under two locks, whose samples vary by so much. */
  private static Results locks(double first, double second) {
    return new Results()
        .add("a.LockPaths.acquire", 1, "lock=BIASED", 100 - first, 100, 100 + first)
        .add("a.LockPaths.release", 1, "lock=BIASED", 90 - first, 90, 90 + first)
        .add("a.LockPaths.acquire", 1, "lock=STAMPED", 120 - second, 120, 120 + second)
        .add("a.LockPaths.release", 1, "lock=STAMPED", 130 - second, 130, 130 + second);
  }

  private static List<Chart> charts(Results results) throws Exception {
    return ChartSelection.of(results.file("results").results().values());
  }

  private static List<String> names(Chart chart) {
    return chart.series().stream().map(ChartSelection.Series::name).toList();
  }

  private static Document svg(Results results) throws Exception {
    return parse(new ChartDrawing(charts(results).get(0)).svg());
  }

  /** The document type is not fetched. */
  private static Document parse(String text) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    return factory
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The lengths of the vertical lines of a colour. */
  private static List<Double> bars(Document svg, String colour) {
    List<Double> bars = new ArrayList<>();
    NodeList lines = svg.getElementsByTagName("line");
    for (int i = 0; i < lines.getLength(); i++) {
      Element line = (Element) lines.item(i);
      double length = number(line, "y2") - number(line, "y1");
      if (number(line, "x1") == number(line, "x2")
          && Math.abs(length) > LEAST
          && stroke(line).equals(colour)) {
        bars.add(Math.abs(length));
      }
    }
    return bars;
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  /** As style is inherited. */
  private static String stroke(Element line) {
    for (Node node = line; node instanceof Element element; node = node.getParentNode()) {
      for (String style : element.getAttribute("style").split(";")) {
        if (style.strip().startsWith("stroke:")) {
          return style.strip();
        }
      }
    }
    return "";
  }
}
