package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.MmuOptions;
import dev.septum.simulator.BadInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** What was recorded of Linux 7.3.4: a resource of the tests. */
final class Records {
  static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String RESOURCE = "kvm-7.3.4.jsonl.gz";

  private static final List<ObjectNode> RECORDS = read();

  private Records() {}

  /** The file itself. */
  static Path file() {
    try {
      return Path.of(Objects.requireNonNull(Records.class.getResource(RESOURCE)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<ObjectNode> read() {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file()));
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<ObjectNode> records = new ArrayList<>();
      String line;
      while ((line = lines.readLine()) != null) {
        records.add((ObjectNode) MAPPER.readTree(line));
      }
      return records;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies of all records, in order. */
  static List<ObjectNode> all() {
    return RECORDS.stream().map(ObjectNode::deepCopy).toList();
  }

  /** Copies of the scripts of one group. */
  static List<ObjectNode> ofGroup(String group) {
    return all().stream().filter(r -> r.get("group").asText().equals(group)).toList();
  }

  /** A copy of the script of a name. */
  static ObjectNode named(String name) {
    return RECORDS.stream()
        .filter(r -> r.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .deepCopy();
  }

  /** Replays a record as the command does, or in other ways. */
  static Verdict replay(ObjectNode record, MmuOptions options) {
    try {
      byte[] line = MAPPER.writeValueAsBytes(record);
      return new ScriptReplay(options).replay(Script.read(RecordNode.parse("test:1", line)));
    } catch (IOException | BadInputException e) {
      throw new AssertionError(record.path("name").asText(), e);
    }
  }
}
