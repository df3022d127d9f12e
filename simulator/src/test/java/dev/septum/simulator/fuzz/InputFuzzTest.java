package dev.septum.simulator.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.DecodeCommand;
import dev.septum.simulator.Main;
import dev.septum.simulator.ReplayCommand;
import dev.septum.simulator.TreeCommand;
import dev.septum.simulator.conform.ConformCommand;
import dev.septum.simulator.conform.RecordFiles;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.TraceFormat;
import dev.septum.simulator.input.TraceSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Whatever is in a file or on a command line is read, or refused in a line that says where. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InputFuzzTest {
  private static final Class<?> BESIDE = Main.class;
  private static final TraceFormat[] FORMATS = TraceFormat.values();
  private static final int GZIPPED_ONE_IN = 4;

  @TempDir Path directory;

  private static byte[] resource(String name) throws IOException {
    return Files.readAllBytes(RecordFiles.beside(BESIDE, name));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream zipped = new GZIPOutputStream(out)) {
      zipped.write(bytes);
    }
    return out.toByteArray();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("input"), bytes);
  }

  private static void assertBoth(Map<String, Integer> answers, String one, String other) {
    assertTrue(
        Fuzz.isOneInput() || (answers.containsKey(one) && answers.containsKey(other)),
        answers.toString());
  }

  // Traces.

  private static List<byte[]> traces() throws IOException {
    byte[] septum = ascii("# four accesses\n0 R 1000\n1 W 0x2fff\n\n0 X 7f000\n3 W 40000000\n");
    return List.of(
        septum,
        resource("input/amd-6-tgid-trace.txt"),
        resource("input/linux-3.10-trace.txt"),
        resource("input/linux-6-trace-cmd.txt"),
        resource("input/true.lackey"),
        gzip(septum));
  }

  @Test
  void tracesAreReadOrRefused() throws IOException {
    Map<String, Integer> answers =
        Fuzz.texts(
            "traces",
            traces(),
            (bytes, random) -> {
              Path file = write(random.nextInt(GZIPPED_ONE_IN) == 0 ? gzip(bytes) : bytes);
              return read(file, random);
            });
    assertBoth(answers, "read", "refused");
  }

  private static String read(Path file, SplittableRandom random) {
    TraceFormat format = random.nextBoolean() ? null : FORMATS[random.nextInt(FORMATS.length)];
    long memory = random.nextInt(4) == 0 ? 1L << 30 : 0;
    int vcpus = random.nextInt(4) == 0 ? 1 + random.nextInt(Trace.MAX_VCPUS) : 0;
    try {
      Trace trace = Trace.read(TraceSource.file(file), format, memory, vcpus, lines -> {});
      assertTrue(trace.accesses() > 0 && trace.lines() > trace.skippedLines(), trace.toString());
      return "read";
    } catch (BadInputException e) {
      String message = String.valueOf(e.getMessage());
      String where = Pattern.quote(file.toString()) + "(:\\d+: expected .*, found .*|: .*)";
      assertTrue(message.matches(where), message);
      return "refused";
    }
  }

  /** Some kilobytes that unpack to more than an answer may take, without an end of line. */
  @Test
  void aLineWithoutEndIsRefusedInBoundedMemory() throws Exception {
    Path file = directory.resolve("bomb.gz");
    byte[] piece = new byte[1 << 20];
    Arrays.fill(piece, (byte) '1');
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (long left = 2 * Fuzz.MOST_ALLOCATED; left > 0; left -= piece.length) {
        out.write(piece);
      }
    }
    SplittableRandom random = new SplittableRandom(0);
    assertEquals("refused", Fuzz.bounded(InputFuzzTest::read, file, random));
    assertEquals(
        "refused",
        Fuzz.bounded(
            (script, unused) -> CommandAnswer.of(new TreeCommand(), "--script", script),
            file.toString(),
            random));
  }

  // Records.

  private static List<byte[]> records() {
    List<byte[]> seeds = new ArrayList<>();
    for (String file :
        List.of(
            "conform/kvm-7.3.4.jsonl.gz",
            "conform/tdx/tdx-module-1.5.01-cases.jsonl.gz",
            "conform/tdx/tdx-module-1.5.01-traces.jsonl.gz")) {
      RecordFiles.read(RecordFiles.beside(BESIDE, file)).stream()
          .map(record -> ascii(record + "\n"))
          .sorted(Comparator.comparingInt(bytes -> bytes.length))
          .limit(file.contains("traces") ? 2 : 400)
          .filter(bytes -> bytes.length < 40_000)
          .forEach(seeds::add);
    }
    return seeds;
  }

  @Test
  void recordsAreComparedOrRefused() {
    Map<String, Integer> answers =
        Fuzz.texts(
            "records",
            records(),
            (bytes, random) -> CommandAnswer.of(new ConformCommand(), write(bytes).toString()));
    assertBoth(answers, "sound", "refused");
    assertTrue(Fuzz.isOneInput() || answers.containsKey("failed"), answers.toString());
  }

  /** Where a limit of the JSON reader is passed, it names no column. */
  @Test
  void recordsThatAreTooDeepOrTooLongAreRefused() throws Exception {
    for (String start : List.of("{\"a\":" + "[".repeat(70_000), "{\"a\":" + "7".repeat(70_000))) {
      String file = write(ascii(start)).toString();
      assertEquals("refused", CommandAnswer.of(new ConformCommand(), file));
    }
  }

  // Scenarios.

  @Test
  void scenariosRunOrAreRefused() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String name : List.of("mixed-accepts", "ve-guest", "zap-in-2m")) {
      Path shipped = Path.of("src/main/resources/dev/septum/simulator/" + name + ".scenario");
      seeds.add(Files.readAllBytes(shipped));
    }
    Map<String, Integer> answers =
        Fuzz.texts(
            "scenarios",
            seeds,
            (bytes, random) ->
                CommandAnswer.of(new TreeCommand(), "--script", write(bytes).toString()));
    assertBoth(answers, "sound", "refused");
  }

  // Command lines.

  private static final List<String> VALUES =
      List.of(
          "",
          "0",
          "-1",
          "1",
          "2",
          "0x10",
          "2147483648",
          "9223372036854775808",
          "1e400",
          "0.5",
          "NaN",
          "4k",
          "2m",
          "1g",
          "16M",
          "3M",
          "999999999999G",
          "-",
          "=",
          ",",
          "a,b",
          "BUSY=0.1",
          "BUSY=2",
          "BUSY=",
          "BUSY=NaN",
          "DROP_FLUSH=0.5",
          "X=1",
          "td",
          "normal",
          "linux",
          "hostile",
          "ve",
          "exclusive",
          "shared",
          "ignore",
          "on",
          "off",
          "auto",
          "septum",
          "0x200-0x400",
          "0x400-0x200",
          "0+0",
          "/",
          "/nowhere/x",
          "\u00e9",
          "%n",
          "core",
          "mirror");

  private static String value(SplittableRandom random) {
    return VALUES.get(random.nextInt(VALUES.size()));
  }

  /** Options of a command with values that may be another's, and what is no option at all. */
  private static List<String> arguments(CommandLine command, SplittableRandom random) {
    List<OptionSpec> options = command.getCommandSpec().options();
    List<String> arguments = new ArrayList<>();
    for (int left = random.nextInt(5); left > 0; left--) {
      if (options.isEmpty() || random.nextInt(8) == 0) {
        arguments.add(value(random));
      } else {
        OptionSpec option = options.get(random.nextInt(options.size()));
        arguments.add(option.longestName());
        if (!option.paramLabel().isEmpty() && option.arity().max() > 0) {
          arguments.add(value(random));
        }
      }
    }
    return arguments;
  }

  @Test
  void commandLinesAreParsedOrRefused() {
    CommandLine main = Main.commandLine();
    List<CommandLine> commands = new ArrayList<>(main.getSubcommands().values());
    Map<String, Integer> answers =
        Fuzz.run(
            "command lines",
            random -> {
              CommandLine command = commands.get(random.nextInt(commands.size()));
              return Stream.concat(
                      Stream.of(command.getCommandName()), arguments(command, random).stream())
                  .toList();
            },
            List::toString,
            (arguments, random) -> {
              try {
                main.parseArgs(arguments.toArray(String[]::new));
                return "parsed";
              } catch (ParameterException e) {
                String message = String.valueOf(e.getMessage());
                assertFalse(message.contains("java.") || message.contains("Exception"), message);
                return "refused";
              }
            });
    assertBoth(answers, "parsed", "refused");
  }

  @Test
  void shortReplaysRunOrAreRefused() throws IOException {
    String trace = write(traces().get(0)).toString();
    CommandLine replay = Main.commandLine(new ReplayCommand());
    Map<String, Integer> answers =
        Fuzz.run(
            "replays",
            random -> arguments(replay, random),
            List::toString,
            (given, random) -> {
              List<String> arguments = new ArrayList<>(List.of("--quiet", "--trace", trace));
              given.stream()
                  .filter(word -> !word.matches("--(trace|json)"))
                  .forEach(arguments::add);
              return CommandAnswer.of(new ReplayCommand(), arguments.toArray(String[]::new));
            });
    assertBoth(answers, "sound", "refused");
  }

  @Test
  void entriesAreDecodedOrRefused() {
    List<byte[]> seeds = List.of(ascii("0x8000000000000000"), ascii("6f0000010000fb7"));
    Map<String, Integer> answers =
        Fuzz.texts(
            "entries",
            seeds,
            (bytes, random) -> {
              String value = new String(bytes, StandardCharsets.UTF_8);
              return CommandAnswer.of(
                  new DecodeCommand(),
                  "--level",
                  random.nextBoolean() ? "1g" : "4k",
                  "--layout",
                  random.nextBoolean() ? "linux-6" : "linux-7.3",
                  "--",
                  value);
            });
    assertBoth(answers, "sound", "refused");
  }

  // The broken variants.

  @Test
  void noticesAParserThatThrowsWhatNobodyHasDocumented() {
    AssertionError found =
        assertThrows(
            AssertionError.class,
            () ->
                Fuzz.texts(
                    "a broken parser",
                    List.of(ascii("1 2 3\n")),
                    (bytes, random) -> {
                      for (String word : new String(bytes, StandardCharsets.UTF_8).split(" ", -1)) {
                        Integer.parseInt(word.strip());
                      }
                      return "read";
                    }));
    assertTrue(found.getMessage().contains("NumberFormatException"), found.getMessage());
    assertTrue(found.getMessage().contains("-Dseptum.fuzz.seed="), found.getMessage());
  }

  @Test
  void noticesATargetWithoutBounds() {
    AssertionError found =
        assertThrows(
            AssertionError.class,
            () ->
                Fuzz.texts(
                    "a greedy parser",
                    List.of(ascii("1")),
                    (bytes, random) -> "read " + new byte[300 << 20].length));
    assertTrue(found.getMessage().contains("MiB"), found.getMessage());
  }
}
