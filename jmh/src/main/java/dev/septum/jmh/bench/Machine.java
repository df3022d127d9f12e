package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a result was measured on, in words. What JMH writes (the JDK, its flags) is in its own
 * places; the rest is in an object {@code machine} of each result. What is not known is left out.
 *
 * @param facts by name: {@code cpu}, {@code cores}, {@code memory}, {@code os}, {@code gc}, {@code
 *     date}, {@code commit}, {@code jdk}
 */
record Machine(Map<String, String> facts) {
  /** What makes two results hard to compare if it differs. */
  private static final List<String> DECISIVE = List.of("cpu", "cores", "jdk", "gc");

  private static final String MACHINE = "machine";

  /** What a result says of itself. */
  static Machine read(JsonNode result) {
    Map<String, String> facts = new LinkedHashMap<>();
    JsonNode machine = result.path(MACHINE);
    for (String name : (Iterable<String>) machine::fieldNames) {
      facts.put(name, machine.path(name).asText());
    }
    String jdk = (result.path("vmName").asText() + " " + result.path("vmVersion").asText()).strip();
    if (!jdk.isEmpty()) {
      facts.put("jdk", jdk);
    }
    return new Machine(facts);
  }

  /** Adds what JMH does not write. */
  void put(ObjectNode result) {
    ObjectNode node = result.putObject(MACHINE);
    facts.forEach(node::put);
  }

  /**
   * This machine, now.
   *
   * @param fork what runs the benchmarks
   * @param checkout where the sources are, if anywhere
   */
  static Machine here(ForkJvm fork, Path checkout) {
    Map<String, String> facts = new LinkedHashMap<>();
    put(facts, "cpu", firstMatch("/proc/cpuinfo", Pattern.compile("(?m)^model name\\s*: (.*)$")));
    facts.putIfAbsent("cpu", System.getProperty("os.arch"));
    facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      facts.put("memory", (system.getTotalMemorySize() >> 20) + " MiB");
    }
    facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    put(facts, "gc", fork.collector());
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    put(
        facts,
        "commit",
        output(
            List.of(
                "git",
                "-C",
                checkout.toString(),
                "describe",
                "--always",
                "--dirty",
                "--abbrev=12")));
    return new Machine(facts);
  }

  /** This machine, for what is measured in this JVM. */
  static Machine ofThisJvm() {
    return here(ForkJvm.asked(ForkJvm.JAVA.toString(), RunPlan.forkFlags(List.of())), checkout());
  }

  /** Where the jar lies, three floors up; its own place if it is none of a checkout. */
  static Path checkout() {
    try {
      Path jar = Path.of(Bench.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path target = jar.getParent();
      return target != null && target.endsWith(Path.of("jmh", "target"))
          ? target.resolve("../..").normalize()
          : jar;
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a class is somewhere", e);
    }
  }

  /** In what they differ that matters: {@code cpu A and B}; empty if in nothing that both know. */
  List<String> differences(Machine other) {
    List<String> differences = new ArrayList<>();
    for (String name : DECISIVE) {
      String mine = facts.get(name);
      String theirs = other.facts.get(name);
      if (mine != null && theirs != null && !mine.equals(theirs)) {
        differences.add(name + " " + mine + " and " + theirs);
      }
    }
    return differences;
  }

  /** One line. */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    facts.forEach(
        (name, value) -> {
          switch (name) {
            case "cores" -> words.add(value + (value.equals("1") ? " core" : " cores"));
            case "gc", "commit" -> words.add(name + " " + value);
            default -> words.add(value);
          }
        });
    return String.join(", ", words);
  }

  private static void put(Map<String, String> facts, String name, String value) {
    if (!value.isBlank()) {
      facts.put(name, value.strip());
    }
  }

  private static String firstMatch(String file, Pattern pattern) {
    try {
      Matcher matcher = pattern.matcher(Files.readString(Path.of(file)));
      return matcher.find() ? Objects.requireNonNull(matcher.group(1)) : "";
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }

  /** What a command prints; nothing if it fails. */
  static String output(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? text : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
