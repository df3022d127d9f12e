package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.RecordReplay;
import dev.septum.simulator.conform.Verdict;
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

/** What was recorded of Intel's TDX module 1.5.01: resources of the tests. */
public final class TdxRecords {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private TdxRecords() {}

  /** The file of the traces. */
  public static Path traceFile() {
    return file("tdx-module-1.5.01-traces.jsonl.gz");
  }

  /** The file of the cases. */
  public static Path caseFile() {
    return file("tdx-module-1.5.01-cases.jsonl.gz");
  }

  private static Path file(String name) {
    try {
      return Path.of(Objects.requireNonNull(TdxRecords.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All records of a file, in order. */
  public static List<ObjectNode> read(Path file) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file));
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

  /** Replays a record as the command does. */
  static Verdict replay(RecordReplay replay, ObjectNode record) {
    try {
      byte[] line = MAPPER.writeValueAsBytes(record);
      return replay.read(RecordNode.parse("test:1", line)).replay();
    } catch (IOException | BadInputException e) {
      throw new AssertionError(record.toString(), e);
    }
  }
}
