package dev.septum.jmh.bench;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.jmh.bench.Measured.Interval;
import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A file of results in JMH's JSON, whoever wrote it.
 *
 * @param name the file
 * @param results in the order of their keys, each of which comes once
 */
record ResultFile(String name, SortedMap<ResultKey, Measured> results) {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * Reads a file.
   *
   * @throws BadInputException if it cannot be read, is not JMH's, has nothing in it, or the same
   *     twice; with the file and the place
   */
  static ResultFile read(Path file) throws BadInputException {
    try {
      return of(file.toString(), MAPPER.readTree(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      throw new BadInputException(file + ": no such file");
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place = at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr();
      throw new BadInputException(file + place + ": not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + e.getMessage());
    }
  }

  /**
   * What a tree in JMH's form has.
   *
   * @throws BadInputException as {@link #read}
   */
  static ResultFile of(String name, JsonNode root) throws BadInputException {
    if (!root.isArray()) {
      throw new BadInputException(name + ": expected an array of JMH results");
    }
    if (root.isEmpty()) {
      throw new BadInputException(name + ": no results");
    }
    SortedMap<ResultKey, Measured> results = new TreeMap<>();
    for (int i = 0; i < root.size(); i++) {
      Measured result = new Place(name, "/" + i, root.get(i)).result();
      if (results.put(result.key(), result) != null) {
        throw new BadInputException(name + ": /" + i + ": '" + result.key() + "' comes twice");
      }
    }
    return new ResultFile(name, results);
  }

  /**
   * The machine of the first result; of one of the C program, which knows of no JDK, only if there
   * is no other.
   */
  Machine machine() {
    Comparator<Measured> last = Comparator.comparing(result -> CReference.isOf(result.key()));
    return Collections.min(results.values(), last).machine();
  }

  /** A node, and where it is, for what is said of a bad one. */
  private record Place(String file, String pointer, JsonNode node) {
    Measured result() throws BadInputException {
      Map<String, String> params = new TreeMap<>();
      for (Map.Entry<String, JsonNode> param : node.path("params").properties()) {
        params.put(param.getKey(), param.getValue().asText());
      }
      ResultKey key =
          new ResultKey(
              field("benchmark").text(), field("mode").text(), field("threads").positive(), params);
      Place metric = field("primaryMetric");
      return new Measured(
          key,
          metric.field("scoreUnit").text(),
          metric.field("score").finite(),
          metric.interval(),
          metric.samples(),
          bytesPerOp(),
          Machine.read(node));
    }

    private Place field(String name) throws BadInputException {
      Place field = new Place(file, pointer + "/" + name, node.path(name));
      if (field.node.isMissingNode()) {
        throw field.bad("missing");
      }
      return field;
    }

    private String text() throws BadInputException {
      if (!node.isTextual() || node.textValue().isEmpty()) {
        throw bad("expected a text, found " + node);
      }
      return node.textValue();
    }

    private int positive() throws BadInputException {
      if (!node.canConvertToInt() || node.intValue() < 1) {
        throw bad("expected a positive number, found " + node);
      }
      return node.intValue();
    }

    private double finite() throws BadInputException {
      double number = number();
      if (!Double.isFinite(number)) {
        throw bad("expected a number, found " + node);
      }
      return number;
    }

    /** JMH writes NaN in quotes. */
    private double number() throws BadInputException {
      if (node.isTextual() && node.textValue().equals("NaN")) {
        return Double.NaN;
      }
      if (!node.isNumber()) {
        throw bad("expected a number, found " + node);
      }
      return node.doubleValue();
    }

    private Interval interval() throws BadInputException {
      if (!node.has("scoreConfidence")) {
        return Interval.UNKNOWN;
      }
      List<Place> ends = field("scoreConfidence").elements();
      if (ends.size() != 2) {
        throw field("scoreConfidence").bad("expected two numbers");
      }
      return new Interval(ends.get(0).number(), ends.get(1).number());
    }

    /** Mode {@code sample} has a histogram in the place of raw data. */
    private List<Double> samples() throws BadInputException {
      List<Double> samples = new ArrayList<>();
      if (node.has("rawData")) {
        for (Place fork : field("rawData").elements()) {
          for (Place iteration : fork.elements()) {
            samples.add(iteration.number());
          }
        }
      }
      return samples;
    }

    private double bytesPerOp() throws BadInputException {
      Iterator<String> names = node.path("secondaryMetrics").fieldNames();
      while (names.hasNext()) {
        String name = names.next();
        // JMH before 1.37 marks its profilers' names with a dot in front.
        if (name.toLowerCase(Locale.ROOT).endsWith("gc.alloc.rate.norm")) {
          return field("secondaryMetrics").field(name).field("score").number();
        }
      }
      return Double.NaN;
    }

    private List<Place> elements() throws BadInputException {
      if (!node.isArray()) {
        throw bad("expected an array, found " + node.getNodeType().name().toLowerCase(Locale.ROOT));
      }
      List<Place> elements = new ArrayList<>();
      for (int i = 0; i < node.size(); i++) {
        elements.add(new Place(file, pointer + "/" + i, node.get(i)));
      }
      return elements;
    }

    private BadInputException bad(String what) {
      return new BadInputException(file + ": " + pointer + ": " + what);
    }
  }
}
