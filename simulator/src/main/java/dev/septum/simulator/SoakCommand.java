package dev.septum.simulator;

import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.SoakReport;
import dev.septum.simulator.report.WholeFile;
import dev.septum.simulator.soak.Soak;
import dev.septum.simulator.soak.SoakPlan;
import dev.septum.simulator.soak.SoakResult;
import dev.septum.td.AcceptPolicy;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code septum soak}: everything at once in one machine of each kind, for as long as wanted. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Runs a machine of each kind, one after the other, in which everything happens at once: vCPUs access,"
          + " accept and write their memory, come and go, while hosts split, merge, prefault, zap, convert,"
          + " punch holes, promote, and change slots. Every few seconds all threads are brought to a quiet"
          + " point, where everything that must hold is looked at. The first finding ends the run.",
      ""
    },
    footer = {
      "",
      "What is looked at: the machine's audit; translations used when they should have been flushed; lost"
          + " data (a trust domain's pages that were not taken and lack their stamp, a normal VM's pages"
          + " that were written, never unmapped, and are not dirty); which pages are private, which slots are"
          + " there; and the heap, which must not grow by more than"
          + " --max-growth after the first audit, and 16 bytes for each slot added (that its frames are gone"
          + " is kept), 32K in a trust domain (their PAMT is). At the end, that the machine gives back all it had.",
      "",
      "Each thread's operations, and their order, come from the seed alone; how far each comes and how they"
          + " meet is another each time. A finding writes the last operations of all threads, with their"
          + " numbers, times and results, as a scenario: 'septum tree --script FILE' does them one after the"
          + " other, on a machine that begins empty. That shows what was done; a race it need not repeat.",
      "",
      "A trust domain can have 512 vCPUs in all its life: once they are used up, no more come and go."
          + " So it is with its slots, of which there can be 4096: four come or go in a second.",
      "",
      "Kinds of --inject are as in 'septum replay --help'; of DROP_FLUSH (normal) and OVER_ZAP (td) there has"
          + " to be a finding.",
      "",
      "Exit codes: 0 sound; 1 a finding; 2 bad usage; 130 interrupted, at the next quiet point, with a"
          + " report."
    })
public final class SoakCommand implements Callable<Integer> {
  private static final int MOST_SECONDS = 30 * 24 * 60 * 60;
  private static final int DEFAULT_SECONDS = 60;

  @Spec private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "How long, all machines together. Default: 1.")
  private @Nullable Integer minutes;

  @Option(names = "--seconds", paramLabel = "N", description = "The same in seconds.")
  private @Nullable Integer seconds;

  @Option(
      names = "--threads",
      paramLabel = "T",
      defaultValue = "8",
      description =
          "Threads of vCPUs, 1 to 256; the host's come on top. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--vm",
      paramLabel = "KIND",
      defaultValue = "both",
      converter = OneOf.Machines.class,
      completionCandidates = OneOf.Machines.class,
      description = "The kinds of machine: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private MachineChoice machines = MachineChoice.BOTH;

  @Option(
      names = "--fault-split",
      paramLabel = "POLICY",
      defaultValue = "exclusive",
      converter = OneOf.FaultSplit.class,
      completionCandidates = OneOf.FaultSplit.class,
      description =
          "What becomes of a TD's mapping larger than an ACCEPT wants it: ${COMPLETION-CANDIDATES}."
              + " Default: ${DEFAULT-VALUE}.")
  private AcceptPolicy policy = AcceptPolicy.EXCLUSIVE;

  @Option(
      names = "--inject",
      paramLabel = "KIND=P[,...]",
      defaultValue = "BUSY=0.001,INTERRUPTED=0.01,EPOCH_BUSY=0.01,NO_MEMORY=0.001",
      converter = InjectionRates.Converter.class,
      description =
          "What goes wrong on purpose, each with a probability P. Default: ${DEFAULT-VALUE}.")
  private InjectionRates injected = InjectionRates.NONE;

  @Option(
      names = "--audit-every",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "From one quiet point to the next. Default: ${DEFAULT-VALUE}.")
  private int auditEvery;

  @Option(
      names = "--max-growth",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description =
          "How much the heap may grow. Default: 32M, and 512K for the tables that each thread may keep.")
  private @Nullable Long maxGrowth;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description =
          "Where the last operations go if there is a finding. Default: septum-soak-SEED.log.")
  private @Nullable Path record;

  @Mixin private RunFlags flags = new RunFlags();

  /** A command that picocli fills. */
  public SoakCommand() {}

  @Override
  public Integer call() throws BadInputException, InterruptedException {
    check();
    long seed = flags.nextSeed();
    WholeFile file = flags.jsonFile(null, "");
    WholeFile log = WholeFile.at(record == null ? Path.of("septum-soak-" + seed + ".log") : record);
    PrintWriter out = spec.commandLine().getOut();
    ProgressLine progress = flags.progress();
    if (!flags.isJsonToOutput()) {
      out.printf("seed       %d%n%n", seed);
      out.flush();
    }
    Interruption interruption = new Interruption();
    Runtime.getRuntime().addShutdownHook(interruption);
    try {
      List<SoakResult> results = soak(seed, progress, interruption);
      return finish(seed, results, file, log) ? ExitCode.OK : ExitCode.FAILED;
    } finally {
      interruption.end();
    }
  }

  /** Soaks each machine, up to the first that is not sound or is interrupted. */
  private List<SoakResult> soak(long seed, ProgressLine progress, Interruption interruption)
      throws InterruptedException {
    List<SoakResult> results = new ArrayList<>();
    for (MachineKind kind : machines.kinds()) {
      Soak soak = new Soak(plan(kind, seed), new SoakReport(progress));
      interruption.begins(soak);
      SoakResult result;
      try {
        result = soak.run();
      } finally {
        progress.clear();
      }
      results.add(result);
      if (!flags.isJsonToOutput()) {
        SoakReport.print(spec.commandLine().getOut(), result);
      }
      if (!result.findings().isEmpty() || result.isInterrupted()) {
        break;
      }
    }
    return results;
  }

  private SoakPlan plan(MachineKind kind, long seed) {
    int all = seconds != null ? seconds : minutes != null ? 60 * minutes : DEFAULT_SECONDS;
    return new SoakPlan(
        kind,
        threads,
        TimeUnit.SECONDS.toNanos(all) / machines.kinds().size(),
        TimeUnit.SECONDS.toNanos(auditEvery),
        policy,
        injected.rates(),
        seed,
        maxGrowth == null ? SoakPlan.defaultGrowth(threads) : maxGrowth);
  }

  private boolean finish(
      long seed, List<SoakResult> results, @Nullable WholeFile file, WholeFile log) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(
        flags.isJsonToOutput() ? SoakReport.json(seed, results) : "seed       " + seed + "\n");
    out.flush();
    boolean isSound = flags.write(file, () -> SoakReport.json(seed, results));
    for (SoakResult result : results) {
      String last = result.record();
      if (last != null) {
        flags.complain("the soak failed: " + result.findings().get(0) + " (seed " + seed + ")");
        if (flags.write(log, () -> last)) {
          flags.complain("the last operations are in " + log);
        }
        isSound = false;
      }
    }
    return isSound;
  }

  private void check() {
    if (minutes != null && seconds != null) {
      throw new ParameterException(
          spec.commandLine(), "--minutes and --seconds exclude each other");
    }
    if (minutes != null) {
      flags.check("--minutes", minutes, MOST_SECONDS / 60);
    }
    if (seconds != null) {
      flags.check("--seconds", seconds, MOST_SECONDS);
    }
    flags.check("--threads", threads, SoakPlan.MAX_THREADS);
    flags.check("--audit-every", auditEvery, MOST_SECONDS);
    flags.checkNames();
    flags.checkNamed("--record", record);
    if (spec.commandLine().getParseResult().hasMatchedOption("--inject")) {
      for (Injection kind : injected.rates().keySet()) {
        MachineKind wanted = kind.isOfTrustDomain() ? MachineKind.TD : MachineKind.NORMAL;
        if (!machines.kinds().contains(wanted)) {
          throw new ParameterException(
              spec.commandLine(), "--inject " + kind + " wants --vm " + wanted + " or both");
        }
      }
    }
  }

  /** What a signal does: it ends the soak at its next quiet point, and waits for the report. */
  private static final class Interruption extends Thread {
    private final CountDownLatch reported = new CountDownLatch(1);
    private @Nullable Soak running;
    private boolean wanted;

    Interruption() {
      super("interruption");
    }

    /** Another soak begins, which is the one to be ended from here on. */
    synchronized void begins(Soak next) {
      running = next;
      if (wanted) {
        next.interrupt();
      }
    }

    private synchronized void interruptRunning() {
      wanted = true;
      if (running != null) {
        running.interrupt();
      }
    }

    @Override
    public void run() {
      interruptRunning();
      try {
        reported.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** All is reported. */
    void end() {
      reported.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(this);
      } catch (IllegalStateException e) {
        // The process is ending, and this thread has what it waits for.
      }
    }
  }
}
