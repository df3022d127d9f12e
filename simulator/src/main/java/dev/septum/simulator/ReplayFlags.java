package dev.septum.simulator;

import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.TraceSource;
import dev.septum.simulator.replay.GuestLayout;
import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.WholeFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of a replay, for the commands that make one: checked, and made a plan of. */
final class ReplayFlags extends RunFlags {
  private static final int MAX_CHURN = 1_000_000;

  @Option(
      names = "--trace",
      paramLabel = "FILE|-",
      description =
          "The trace; - is the standard input. Default: a Linux boot that ships with Septum.")
  private @Nullable Path trace;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "auto",
      converter = OneOf.Format.class,
      completionCandidates = OneOf.Format.class,
      description =
          "How the trace is written: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, by its first"
              + " line that is no comment.")
  private FormatChoice format = FormatChoice.AUTO;

  @Option(
      names = "--vm",
      paramLabel = "KIND",
      defaultValue = "normal",
      converter = OneOf.Machine.class,
      completionCandidates = OneOf.Machine.class,
      description = "The kind of machine: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private MachineKind vm = MachineKind.NORMAL;

  @Option(
      names = "--vcpus",
      paramLabel = "N",
      description =
          "How many vCPUs, 1 to 1024 (a trust domain: 512). If not as many as in the trace, its lines are dealt to them in blocks."
              + " Default: those of the trace.")
  private @Nullable Integer vcpus;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description =
          "One slot of memory from address 0 on (512M, 4G); an access beyond it is bad input."
              + " Default: slots of whole GiB wherever the trace goes.")
  private @Nullable Long memory;

  @Option(
      names = "--backing",
      paramLabel = "SIZE",
      defaultValue = "2m",
      converter = OneOf.LeafLevel.class,
      completionCandidates = OneOf.LeafLevel.class,
      description =
          "The pages that the host's memory comes in: ${COMPLETION-CANDIDATES}; no mapping is larger."
              + " Default: ${DEFAULT-VALUE}.")
  private PageLevel backing = PageLevel.LEVEL_2M;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "1",
      description = "How often each vCPU makes its accesses. Default: ${DEFAULT-VALUE}.")
  private int repeat = 1;

  @Option(
      names = "--churn",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Splits, merges and zaps of random ranges by a normal VM's host, so many a second in all, while"
              + " the vCPUs run. Default: ${DEFAULT-VALUE}.")
  private int churn;

  @Option(
      names = "--inject",
      paramLabel = "KIND=P[,...]",
      converter = InjectionRates.Converter.class,
      description = "What goes wrong on purpose, each with a probability P. Kinds: see below.")
  private InjectionRates injected = InjectionRates.NONE;

  @Mixin private TrustDomainFlags trustDomain = new TrustDomainFlags();

  @Option(
      names = "--max-tables",
      paramLabel = "N",
      defaultValue = "4194304",
      description = "The most page tables, of 4 KiB each. Default: ${DEFAULT-VALUE}.")
  private int maxTables = 1 << 22;

  @Option(
      names = "--tlb",
      paramLabel = "off|on",
      defaultValue = "on",
      converter = OneOf.OffOn.class,
      completionCandidates = OneOf.OffOn.class,
      description =
          "Whether vCPUs keep translations; without, every access walks. Default: ${DEFAULT-VALUE}.")
  private Switch tlb = Switch.ON;

  /**
   * What is to be replayed.
   *
   * @throws BadInputException if the trace cannot be read, or asks for what there is not
   */
  ReplayPlan plan(ProgressLine progress) throws BadInputException {
    return plan(read(progress), nextSeed(), vm == MachineKind.TD ? trustDomain.plan() : null);
  }

  /**
   * A plan for each guest, policy and switch of promotion that was not left out, all of the same
   * trace and seed.
   *
   * @throws BadInputException as {@link #plan}
   */
  List<ReplayPlan> plans(ProgressLine progress) throws BadInputException {
    Trace read = read(progress);
    long chosen = nextSeed();
    List<ReplayPlan> plans = new ArrayList<>();
    for (TrustDomainPlan how : trustDomain.plans()) {
      plans.add(plan(read, chosen, how));
    }
    return plans;
  }

  private Trace read(ProgressLine progress) throws BadInputException {
    return Trace.read(
        source(),
        format.format(),
        memory == null ? 0 : memory,
        vcpus == null ? 0 : vcpus,
        progress::reading);
  }

  private ReplayPlan plan(Trace read, long chosen, @Nullable TrustDomainPlan how)
      throws BadInputException {
    return new ReplayPlan(
        read,
        layout(read),
        backing,
        repeat,
        churn,
        injected.rates(),
        chosen,
        maxTables,
        tlb == Switch.ON,
        how);
  }

  private GuestLayout layout(Trace read) throws BadInputException {
    GuestLayout layout =
        memory == null ? GuestLayout.covering(read.blocks()) : GuestLayout.ofMemory(memory);
    if (vm == MachineKind.NORMAL) {
      return layout;
    }
    if (read.streams().size() > TrustDomainPlan.MAX_VCPUS) {
      throw new BadInputException(
          read.file()
              + ": expected at most "
              + TrustDomainPlan.MAX_VCPUS
              + " vCPUs of a trust domain, found "
              + read.streams().size()
              + "; deal them out with --vcpus");
    }
    GuestLayout withSharedBit = layout.withSharedBit();
    if (withSharedBit == null || layout.pages() > TrustDomainPlan.MAX_PAGES) {
      throw new BadInputException(
          read.file() + ": expected a trust domain's memory, at most 16 TiB below 0x8000000000000");
    }
    return withSharedBit;
  }

  private TraceSource source() {
    if (trace == null) {
      return TraceSource.shipped();
    }
    return isStandardStream(trace) ? TraceSource.standardInput() : TraceSource.file(trace);
  }

  /** The file of a replay's results: as the other. */
  @Nullable WholeFile jsonFile() throws BadInputException {
    return jsonFile(trace, "the trace");
  }

  /** Whether a run is one to trust; complains if not. */
  boolean isSound(ReplayResult result) {
    if (result.verdict() != null) {
      complain("the replay failed: " + result.verdict());
    }
    return result.verdict() == null;
  }

  /**
   * Makes the machine a trust domain, for a command that knows no other; then as {@link #check}.
   *
   * @throws ParameterException also if another was asked for
   */
  void checkTrustDomain() {
    if (command().getParseResult().hasMatchedOption("--vm") && vm != MachineKind.TD) {
      throw invalid("--vm", "expected td", vm.toString());
    }
    vm = MachineKind.TD;
    check();
  }

  /**
   * Checks what picocli cannot.
   *
   * @throws ParameterException if an option has a value that it cannot have
   */
  void check() {
    if (vcpus != null) {
      check("--vcpus", vcpus, Trace.MAX_VCPUS);
    }
    check("--repeat", repeat, Integer.MAX_VALUE);
    check("--max-tables", maxTables, 1 << 30);
    if (churn != 0) {
      check("--churn", churn, MAX_CHURN);
    }
    checkKind();
    checkNamed("--trace", trace);
    checkNames();
  }

  /** Refuses what only the other kind of machine has. */
  private void checkKind() {
    boolean isTrustDomain = vm == MachineKind.TD;
    for (Injection kind : injected.rates().keySet()) {
      if (kind.isOfTrustDomain() != isTrustDomain) {
        throw wants("--inject " + kind, isTrustDomain ? MachineKind.NORMAL : MachineKind.TD);
      }
    }
    if (tlb == Switch.OFF && injected.rates().containsKey(Injection.DROP_FLUSH)) {
      throw new ParameterException(command(), "--inject DROP_FLUSH wants --tlb on");
    }
    String given = trustDomain.given();
    if (!isTrustDomain) {
      if (given != null) {
        throw wants(given, MachineKind.TD);
      }
      return;
    }
    if (churn != 0) {
      throw wants("--churn", MachineKind.NORMAL);
    }
    if (vcpus != null) {
      check("--vcpus", vcpus, TrustDomainPlan.MAX_VCPUS);
    }
    checkRate("--convert", trustDomain.convert());
    checkRate("--punch", trustDomain.punch());
    if (injected.rates().containsKey(Injection.OVER_ZAP)
        && trustDomain.convert() == 0
        && trustDomain.punch() == 0) {
      throw new ParameterException(command(), "--inject OVER_ZAP wants --convert or --punch");
    }
  }

  private void checkRate(String option, int value) {
    if (value < 0 || value > MAX_CHURN) {
      throw invalid(option, "expected 0 to " + MAX_CHURN, Integer.toString(value));
    }
  }

  private ParameterException wants(String option, MachineKind kind) {
    return new ParameterException(command(), option + " wants --vm " + kind);
  }
}
