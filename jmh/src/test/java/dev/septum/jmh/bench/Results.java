package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A file of results as JMH writes it, made up. */
final class Results {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ArrayNode root = MAPPER.createArrayNode();

  /** Adds a benchmark, in ns/op, with these iterations of one fork. */
  Results add(String benchmark, int threads, double... samples) {
    return add(benchmark, threads, "", samples);
  }

  /** The same, with parameters {@code name=value name=value}. */
  Results add(String benchmark, int threads, String params, double... samples) {
    ObjectNode node = root.addObject();
    node.put("benchmark", benchmark).put("mode", "avgt").put("threads", threads).put("forks", 1);
    node.put("vmName", "VM").put("vmVersion", "17");
    node.putObject("machine").put("cpu", "a processor").put("cores", "2");
    if (!params.isEmpty()) {
      ObjectNode values = node.putObject("params");
      for (String param : params.split(" ")) {
        values.put(param.split("=")[0], param.split("=")[1]);
      }
    }
    ObjectNode metric = node.putObject("primaryMetric");
    metric.put("score", Arrays.stream(samples).average().orElseThrow());
    metric.put("scoreUnit", "ns/op");
    ArrayNode fork = metric.putArray("rawData").addArray();
    Arrays.stream(samples).forEach(fork::add);
    node.putObject("secondaryMetrics");
    return this;
  }

  /** The result added last, to change something in it. */
  ObjectNode last() {
    return (ObjectNode) root.get(root.size() - 1);
  }

  /** The last one's metric. */
  ObjectNode lastMetric() {
    return (ObjectNode) last().get("primaryMetric");
  }

  JsonNode json() {
    return root;
  }

  ResultFile file(String name) throws BadInputException {
    return ResultFile.of(name, root);
  }

  Path write(Path file) throws IOException {
    return Files.writeString(file, MAPPER.writeValueAsString(root));
  }
}
