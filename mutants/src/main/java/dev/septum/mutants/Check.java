package dev.septum.mutants;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes checks, each in a JVM of its own, and says how they ended. */
final class Check {
  private static final Pattern LINKAGE =
      Pattern.compile(
          "\\b(NoSuchMethodError|NoSuchFieldError|NoClassDefFoundError|ClassNotFoundException"
              + "|VerifyError|IllegalAccessError|IncompatibleClassChangeError|AbstractMethodError"
              + "|UnsupportedClassVersionError|ClassFormatError|ExceptionInInitializerError"
              + "|Could not find or load main class)\\b");
  private static final Pattern DIFFERENCES = Pattern.compile("\"differ\" ?: ?(\\d+)");

  /** Of what is random in tests: the same each time, as a mutant is. */
  private static final long SEED = 1;

  /** How long a stress test is run at the most, on a mutant and on the product as it is. */
  private static final long STRESS_SECONDS = 8;

  private static final long BASELINE_STRESS_SECONDS = 2;

  private static final String MAIN = "dev.septum.simulator.Main";

  private final Path root;
  private final Path jcstressJar;
  private final String classPath;

  /**
   * Checks of the product as it was built.
   *
   * @param root of the repository
   * @param classPath has the product, JUnit and this class
   */
  Check(Path root, String classPath) {
    this.root = root.toAbsolutePath();
    this.jcstressJar = this.root.resolve("jcstress/target/jcstress.jar");
    this.classPath = classPath;
  }

  /**
   * Makes checks of one layer together; of JUnit's, those of one module.
   *
   * @param mutant the classes that stand first in the class path; null for the product as it is
   * @param log where its output goes
   * @param seconds the most that it may take
   */
  Outcome run(List<Catcher> catchers, @Nullable Path mutant, Path log, long seconds)
      throws IOException, InterruptedException {
    Catcher first = catchers.get(0);
    Files.createDirectories(log.toAbsolutePath().getParent());
    ProcessBuilder builder =
        new ProcessBuilder(command(catchers, mutant))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .directory(directory(first).toFile());
    long begun = System.nanoTime();
    Process process = builder.start();
    Thread end = new Thread(() -> kill(process));
    Runtime.getRuntime().addShutdownHook(end);
    boolean ended;
    try {
      ended = process.waitFor(seconds, TimeUnit.SECONDS);
    } finally {
      kill(process);
      process.waitFor();
      Runtime.getRuntime().removeShutdownHook(end);
    }
    double took = (System.nanoTime() - begun) / 1e9;
    if (!ended) {
      return new Outcome(Outcome.Kind.HUNG, "does not end in " + seconds + " s", took);
    }
    List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
    return judge(first.layer(), process.exitValue(), lines, took);
  }

  /** Ends a check, and the forks of jcstress, which are its children. */
  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private Path directory(Catcher catcher) {
    return catcher.layer() == Layer.JUNIT ? root.resolve(catcher.module()) : root;
  }

  private List<String> command(List<Catcher> catchers, @Nullable Path mutant) {
    Catcher first = catchers.get(0);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    String ownClasses = mutant == null ? "" : mutant.toAbsolutePath() + File.pathSeparator;
    switch (first.layer()) {
      case JUNIT -> {
        command.add(ownClasses + testClasses(first.module()) + File.pathSeparator + classPath);
        command.add("-Dseptum.seed=" + SEED);
        command.add("-Djol.magicFieldOffset=true");
        // Short runs: what a second compiler and a parallel collector cost does not come back.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.add(JUnitRun.class.getName());
        catchers.forEach(each -> command.add(each.what()));
      }
      case CONFORM -> {
        command.add(ownClasses + classPath);
        command.add(MAIN);
        command.add(first.layer().label());
        command.addAll(Arrays.asList(first.what().split(" ")));
        command.addAll(List.of("--json", "-")); // its exit code is 1 for what is unsupported too
      }
      case JCSTRESS -> {
        command.add(ownClasses + jcstressJar + File.pathSeparator + classPath);
        command.add("-Xmx512m");
        command.add(StressRun.class.getName());
        command.add(String.valueOf(mutant == null ? BASELINE_STRESS_SECONDS : STRESS_SECONDS));
        catchers.forEach(each -> command.add(each.what()));
      }
    }
    return command;
  }

  private String testClasses(String module) {
    return root.resolve(module).resolve("target/test-classes").toString();
  }

  /** How a check has ended, by its exit code and what it has printed. */
  static Outcome judge(Layer layer, int code, List<String> lines, double took) {
    Outcome.Kind kind =
        switch (code) {
          case JUnitRun.PASSED -> Outcome.Kind.PASSED;
          case JUnitRun.FAILED -> Outcome.Kind.FAILED;
          case JUnitRun.HUNG -> Outcome.Kind.HUNG;
          default -> Outcome.Kind.BROKEN;
        };
    return switch (layer) {
      case JUNIT, JCSTRESS -> judgeRun(kind, lines, took);
      case CONFORM -> judgeConform(kind, lines, took);
    };
  }

  private static Outcome judgeRun(Outcome.Kind kind, List<String> lines, double took) {
    String said = last(lines, JUnitRun.MARK);
    if (said == null) {
      return new Outcome(Outcome.Kind.BROKEN, "the JVM has died: " + tail(lines), took);
    }
    return new Outcome(kind, kind == Outcome.Kind.PASSED ? "" : said, took);
  }

  private static Outcome judgeConform(Outcome.Kind kind, List<String> lines, double took) {
    String linkage = linkage(lines);
    String said = null;
    for (String line : lines) {
      Matcher matcher = DIFFERENCES.matcher(line);
      if (matcher.find() && (said == null || said.isEmpty())) {
        said = matcher.group(1).equals("0") ? "" : matcher.group(1) + " records differ";
      }
    }
    if (linkage != null || said == null || kind == Outcome.Kind.BROKEN) {
      return new Outcome(
          Outcome.Kind.BROKEN, linkage != null ? linkage : "no result: " + tail(lines), took);
    }
    return new Outcome(said.isEmpty() ? Outcome.Kind.PASSED : Outcome.Kind.FAILED, said, took);
  }

  /** Whether a text tells of classes that do not fit each other. */
  static boolean isLinkage(String text) {
    return LINKAGE.matcher(text).find();
  }

  private static @Nullable String linkage(List<String> lines) {
    for (String line : lines) {
      if (isLinkage(line)) {
        return line.strip();
      }
    }
    return null;
  }

  private static @Nullable String last(List<String> lines, String mark) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).startsWith(mark)) {
        return lines.get(i).substring(mark.length());
      }
    }
    return null;
  }

  private static String tail(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.isBlank())
        .skip(Math.max(0, lines.stream().filter(line -> !line.isBlank()).count() - 3))
        .map(String::strip)
        .collect(Collectors.joining(" | "));
  }
}
