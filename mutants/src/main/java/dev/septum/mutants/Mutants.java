package dev.septum.mutants;

import dev.septum.mutants.Hunt.Result;
import dev.septum.mutants.Hunt.Status;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.Main;
import dev.septum.simulator.report.WholeFile;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/mutants}: seeds bugs in the engine, and says which check catches each. */
@Command(
    name = "mutants",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Compiles each mutant, a small, wrong variant of one source file of the engine, and runs the check that"
          + " must fail on it in a JVM in whose class path the mutant stands first. First each check is made on"
          + " the engine as it is: it must pass.",
      ""
    },
    footer = {
      "",
      "A mutant is caught by an assertion that fails, a forbidden outcome or a difference; by a hang"
          + " only if that is its effect. A JVM that does not start and a class that does not link have caught"
          + " nothing: then the mutant is BROKEN. Logs are in mutants/target/mutants/NAME.",
      "",
      "Exit codes: 0 all caught; 1 one survived; 2 bad usage, a check fails without a mutant, or one is broken."
    })
public final class Mutants implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "These mutants; may be repeated.")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--sample",
      paramLabel = "N",
      description = "So many of them, chosen by the seed, of those that take one CPU.")
  private @Nullable Integer sample;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Of the sample. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--list", description = "Say what there are, and run none.")
  private boolean list;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the results there; '-' prints them in the place of lines.")
  private @Nullable Path json;

  @Option(
      names = "--doc",
      paramLabel = "FILE",
      description = "Write them there as a page, docs/mutants.md.")
  private @Nullable Path doc;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Checks made at once. Default: as many as there are CPUs.")
  private int jobs = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--root",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "The repository, built. Default: the working directory.")
  private Path root = Path.of(".");

  /** A command that picocli fills. */
  public Mutants() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(Main.execute(Main.commandLine(new Mutants()), args));
  }

  @Override
  public Integer call() throws Exception {
    List<Mutant> chosen = chosen(MutantText.all());
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      chosen.forEach(each -> out.println(described(each)));
      out.flush();
      return ExitCode.OK;
    }
    checkUsage();
    boolean printsJson = json != null && json.toString().equals("-");
    WholeFile jsonFile = json == null || printsJson ? null : WholeFile.at(json);
    WholeFile docFile = doc == null ? null : WholeFile.at(doc);
    PrintWriter err = spec.commandLine().getErr();
    Path target = Files.createDirectories(root.resolve("mutants/target/mutants"));
    String classPath = ownClassPath();
    MutantCompiler compiler = new MutantCompiler(root, target, classPath);
    Hunt hunt = new Hunt(compiler, new Check(root, classPath), target, jobs);
    say(err, "mutants: each check on the engine as it is...");
    List<String> problems = hunt.baseline(chosen);
    if (!problems.isEmpty()) {
      problems.forEach(each -> say(err, "mutants: fails without a mutant: " + each));
      return ExitCode.USAGE;
    }
    say(err, "mutants: all pass; " + chosen.size() + " mutants");
    PrintWriter lines = printsJson ? err : out;
    List<Result> results = hunt.run(chosen, each -> say(lines, MutantReport.line(each)));
    MutantReport report = new MutantReport(results);
    if (printsJson) {
      out.print(report.json());
    } else {
      out.println(report.summary());
    }
    out.flush();
    write(jsonFile, report.json());
    write(docFile, report.page());
    return exitCode(report);
  }

  /** What this command runs with; checks have other working directories. */
  static String ownClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(part -> Path.of(part).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static void write(@Nullable WholeFile file, String text) throws IOException {
    if (file != null) {
      file.write(text);
    }
  }

  static int exitCode(MutantReport report) {
    if (report.count(Status.BROKEN) > 0) {
      return ExitCode.USAGE;
    }
    return report.count(Status.SURVIVED) > 0 ? ExitCode.FAILED : ExitCode.OK;
  }

  private static void say(PrintWriter out, String line) {
    out.println(line);
    out.flush();
  }

  private void checkUsage() {
    if (jobs < 1) {
      throw new ParameterException(spec.commandLine(), "--jobs must be positive, not " + jobs);
    }
    if (doc != null && (sample != null || !only.isEmpty())) {
      throw new ParameterException(
          spec.commandLine(), "--doc is the page of all mutants: without --only and --sample");
    }
    if (!Files.isDirectory(root.resolve("engine/target/test-classes"))) {
      throw new ParameterException(
          spec.commandLine(), root + " is not the repository, or its tests are not built");
    }
  }

  private List<Mutant> chosen(List<Mutant> all) {
    Set<String> unknown = new TreeSet<>(only);
    all.forEach(each -> unknown.remove(each.name()));
    if (!unknown.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "no such mutant: " + unknown);
    }
    List<Mutant> chosen =
        all.stream().filter(each -> only.isEmpty() || only.contains(each.name())).toList();
    if (sample == null) {
      return chosen;
    }
    if (sample < 1) {
      throw new ParameterException(spec.commandLine(), "--sample must be positive, not " + sample);
    }
    List<Mutant> cheap =
        chosen.stream()
            .filter(Mutant::isObservable)
            .filter(each -> !each.hangs() && !each.catchers().get(0).layer().wantsAllCpus())
            .collect(Collectors.toCollection(ArrayList::new));
    Collections.shuffle(cheap, new Random(seed));
    return cheap.subList(0, Math.min(sample, cheap.size()));
  }

  private static String described(Mutant mutant) {
    String how =
        mutant.isObservable()
            ? "caught by "
                + mutant.catchers().stream()
                    .map(Catcher::toString)
                    .collect(Collectors.joining(", "))
            : "not observable here: " + mutant.unobservable();
    return String.format("%-34s %s%n%-34s   %s", mutant.name(), mutant.says(), "", how);
  }
}
