package dev.septum.jmh.bench;

import dev.septum.jmh.bench.ChartSelection.Chart;
import dev.septum.jmh.bench.ChartSelection.Point;
import dev.septum.jmh.bench.ChartSelection.Series;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.text.NumberFormat;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogarithmicAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.text.TextUtils;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.w3c.dom.Document;

/**
 * A chart as a picture: a marker for each mean with its error bar, and lines between them if the
 * chart has those. The series stand beside each other, so that no bar hides another. The y axis
 * begins at 0, or is logarithmic if the values are far apart; an error bar that goes further down
 * is cut off there.
 */
final class ChartDrawing {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 560;
  private static final int PNG_SCALE = 2;
  private static final double FAR_APART = 20;
  private static final double HEADROOM = 1.05;

  /** How much of the distance between two places their series take, and at most each of them. */
  private static final double SPREAD = 0.7;

  private static final double LINED_STEP = 0.04;
  private static final double STEP = 0.12;
  private static final double CAP = 5;
  private static final double PADDING = 10;
  private static final String SVG_NAMESPACE = "http://www.w3.org/2000/svg";
  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 16);
  private static final Font AXIS = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
  private static final Font TICK = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  private static final BasicStroke LINE = new BasicStroke(2f);
  private static final BasicStroke ERROR = new BasicStroke(1.3f);
  private static final Color BAND = new Color(0xF4F4F4);
  private static final Color GRID = new Color(0xC8C8C8);

  /** Distinct for the colour-blind too (Okabe and Ito). */
  private static final List<Color> COLORS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9),
          new Color(0x000000),
          new Color(0x8C6D1F));

  static {
    // Otherwise the title of the y axis is not text.
    TextUtils.setUseDrawRotatedStringWorkaround(false);
  }

  private final Chart chart;
  private final JFreeChart drawn;

  /** Prepares a chart to be drawn. */
  ChartDrawing(Chart chart) {
    this.chart = chart;
    ValueAxis y = yAxis();
    XYPlot plot = new XYPlot(points(y.getLowerBound()), xAxis(), y, renderer());
    plot.setBackgroundPaint(Color.WHITE);
    plot.setOutlineVisible(false);
    plot.setDomainGridlinesVisible(false);
    plot.setRangeGridlinePaint(GRID);
    drawn = new JFreeChart(chart.title(), TITLE, plot, true);
    drawn.setPadding(new RectangleInsets(PADDING, PADDING, PADDING, PADDING));
    drawn.setBackgroundPaint(Color.WHITE);
    LegendTitle legend = drawn.getLegend();
    legend.setFrame(BlockBorder.NONE);
    legend.setItemFont(AXIS);
  }

  private XYIntervalSeriesCollection points(double bottom) {
    XYIntervalSeriesCollection points = new XYIntervalSeriesCollection();
    int count = chart.series().size();
    double step = Math.min(SPREAD / count, chart.isLined() ? LINED_STEP : STEP);
    for (int i = 0; i < count; i++) {
      Series series = chart.series().get(i);
      XYIntervalSeries drawnSeries = new XYIntervalSeries(series.name());
      double aside = (i - (count - 1) / 2.0) * step;
      series
          .points()
          .forEach(
              (place, point) -> {
                double x = chart.places().indexOf(place) + aside;
                double end = point.y() - point.error();
                double low = end > 0 || bottom == 0 ? end : bottom / 2;
                drawnSeries.add(x, x, x, point.y(), low, point.y() + point.error());
              });
      points.addSeries(drawnSeries);
    }
    return points;
  }

  private XYErrorRenderer renderer() {
    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawXError(false);
    renderer.setCapLength(CAP);
    renderer.setErrorStroke(ERROR);
    renderer.setDefaultLinesVisible(chart.isLined());
    for (int i = 0; i < chart.series().size(); i++) {
      renderer.setSeriesPaint(i, COLORS.get(i % COLORS.size()));
      renderer.setSeriesStroke(i, LINE);
    }
    return renderer;
  }

  private SymbolAxis xAxis() {
    SymbolAxis axis = new SymbolAxis(chart.xTitle(), chart.places().toArray(new String[0]));
    axis.setRange(-0.5, chart.places().size() - 0.5);
    axis.setGridBandsVisible(!chart.isLined());
    axis.setGridBandPaint(BAND);
    axis.setGridBandAlternatePaint(Color.WHITE);
    setFonts(axis);
    return axis;
  }

  private ValueAxis yAxis() {
    double least = Double.MAX_VALUE;
    double low = Double.MAX_VALUE;
    double high = 0;
    for (Series series : chart.series()) {
      for (Point point : series.points().values()) {
        double end = point.y() - point.error();
        least = Math.min(least, point.y());
        low = Math.min(low, end > 0 ? end : point.y());
        high = Math.max(high, point.y() + point.error());
      }
    }
    NumberFormat numbers = NumberFormat.getInstance(Locale.ROOT);
    ValueAxis axis;
    if (high > FAR_APART * least) {
      LogarithmicAxis logarithmic = new LogarithmicAxis(chart.yTitle());
      logarithmic.setNumberFormatOverride(numbers);
      logarithmic.setRange(
          decade(Math.floor(Math.log10(low))), decade(Math.ceil(Math.log10(high))));
      axis = logarithmic;
    } else {
      NumberAxis linear = new NumberAxis(chart.yTitle());
      linear.setNumberFormatOverride(numbers);
      linear.setRange(0, high * HEADROOM);
      axis = linear;
    }
    setFonts(axis);
    return axis;
  }

  private static double decade(double exponent) {
    return Math.pow(10, exponent);
  }

  private static void setFonts(ValueAxis axis) {
    axis.setLabelFont(AXIS);
    axis.setTickLabelFont(TICK);
  }

  /** As SVG, in which text is text. */
  String svg() throws IOException {
    Document document;
    try {
      document =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .getDOMImplementation()
              .createDocument(SVG_NAMESPACE, "svg", null);
    } catch (ParserConfigurationException e) {
      throw new IOException("no XML here: " + e.getMessage(), e);
    }
    SVGGraphics2D graphics = new SVGGraphics2D(document);
    graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
    drawn.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
    StringWriter text = new StringWriter();
    graphics.stream(text, true);
    return text.toString();
  }

  /** As PNG, twice as large. */
  byte[] png() throws IOException {
    BufferedImage image =
        new BufferedImage(WIDTH * PNG_SCALE, HEIGHT * PNG_SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.scale(PNG_SCALE, PNG_SCALE);
    drawn.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}
