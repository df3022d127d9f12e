package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench compare} of files in which anything is wrong: compared, or refused in a line. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompareFuzzTest {
  private static final long MILLIS = Long.getLong("septum.fuzz.millis", 3_000);
  private static final int LEAST_CASES = 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double[] SAMPLES = {100, 101, 99, 100, 100};
  private static final Pattern NOT_FOR_PEOPLE = Pattern.compile("Exception|java\\.|\\.java");

  /** What stands in the place of something else. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1",
          "1e308",
          "-1e308",
          "1e999",
          "5e-324",
          "2147483648",
          "9223372036854775808",
          "\"\"",
          "\"NaN\"",
          "\"x\"",
          "\"ops/s\"",
          "[]",
          "{}",
          "[[]]",
          "[[1]]",
          "[1,2]");

  @TempDir Path directory;

  @Test
  void whateverIsInAFileItIsComparedOrRefused() throws Exception {
    long seed = Long.getLong("septum.fuzz.seed", System.nanoTime());
    System.out.println("CompareFuzzTest: -Dseptum.fuzz.seed=" + seed);
    Random random = new Random(seed);
    Map<Integer, Integer> codes = new TreeMap<>();
    long begun = System.nanoTime();
    for (int cases = 0;
        cases < LEAST_CASES || System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(MILLIS);
        cases++) {
      Path old = write("old.json", random);
      Path now = write("new.json", random);
      CommandRun run = CommandRun.of("compare", old.toString(), now.toString());
      codes.merge(checked(run, old, now), 1, Integer::sum);
    }
    System.out.println("CompareFuzzTest: exit codes " + codes);
    assertTrue(codes.containsKey(0) && codes.containsKey(2), codes.toString());
  }

  private static int checked(CommandRun run, Path old, Path now) throws Exception {
    String inputs = run + Files.readString(old) + "\n" + Files.readString(now);
    assertFalse(NOT_FOR_PEOPLE.matcher(run.err()).find(), inputs);
    assertTrue(run.code() >= 0 && run.code() <= 2, inputs);
    if (run.code() == 2) {
      assertEquals(1, run.err().lines().count(), inputs);
      assertTrue(run.err().contains(old.toString()) || run.err().contains(now.toString()), inputs);
    }
    return run.code();
  }

  private Path write(String name, Random random) throws Exception {
    Results results = new Results().add("a.B.c", 1, "gib=4", SAMPLES).add("a.B.d", 2, SAMPLES);
    for (int left = random.nextInt(3); left > 0; left--) {
      change((ArrayNode) results.json(), random);
    }
    byte[] bytes = MAPPER.writeValueAsBytes(results.json());
    if (random.nextInt(8) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    }
    // What was cut may end in the middle of a character; the test shows it as text.
    return Files.writeString(directory.resolve(name), new String(bytes, StandardCharsets.US_ASCII));
  }

  /** Replaces, or takes away, a node anywhere below. */
  private static void change(ArrayNode root, Random random) throws Exception {
    List<ContainerNode<?>> containers = new ArrayList<>();
    collect(root, containers);
    ContainerNode<?> container = containers.get(random.nextInt(containers.size()));
    JsonNode value = MAPPER.readTree(VALUES.get(random.nextInt(VALUES.size())));
    if (container.isEmpty()) {
      return;
    }
    int at = random.nextInt(container.size());
    boolean removes = random.nextInt(4) == 0;
    if (container instanceof ArrayNode array) {
      JsonNode unused = removes ? array.remove(at) : array.set(at, value);
    } else if (container instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      JsonNode unused =
          removes ? object.remove(names.get(at)) : object.replace(names.get(at), value);
    }
  }

  private static void collect(JsonNode node, List<ContainerNode<?>> containers) {
    if (node instanceof ContainerNode<?> container) {
      containers.add(container);
      node.forEach(child -> collect(child, containers));
    }
  }

  /** The broken variant: what the command prints of an exception that it does not know. */
  @Test
  void noticesAnExceptionThatNobodyHasDocumented() throws Exception {
    Path file = Files.writeString(directory.resolve("some.json"), "[]");
    CommandRun broken = new CommandRun(1, "", "septum: java.lang.ClassCastException: class x\n");
    assertThrows(AssertionError.class, () -> checked(broken, file, file));
    CommandRun silent = new CommandRun(2, "", "something is wrong\n");
    assertThrows(AssertionError.class, () -> checked(silent, file, file));
  }
}
