package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

/** Files of records that are resources of the tests. */
public final class RecordFiles {
  public static final ObjectMapper MAPPER = new ObjectMapper();

  private RecordFiles() {}

  /** A resource beside a class. */
  public static Path beside(Class<?> test, String name) {
    try {
      return Path.of(Objects.requireNonNull(test.getResource(name)).toURI());
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
}
