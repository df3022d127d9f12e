package dev.septum.simulator;

import dev.septum.simulator.replay.Replay;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.report.JsonReport;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.TextReport;
import dev.septum.simulator.report.WholeFile;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code septum replay}: a guest's recorded accesses, made again through the engine. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Replays a guest's memory accesses, one thread a vCPU, and audits the machine at the end.",
      ""
    },
    footer = {
      "",
      "Formats of traces; gzip is seen by itself:",
      "  septum  'vcpu R|W|X address' a line, the address in hexadecimal; '#' begins a comment",
      "  ftrace  text of the kernel's kvm_page_fault tracepoint, among any other events; without a"
          + " vCPU's number, each task is a vCPU",
      "  lackey  what 'valgrind --tool=lackey --trace-mem=yes --log-file=FILE' writes; vCPU 0's",
      "",
      "Guests of a trust domain (--vm td). Each write puts a stamp in its page; a page that was neither"
          + " converted nor punched and has another is lost data, and fails the run:",
      "  linux     before its first touch accepts 1G, 2M or 4K, whichever works; remembers, and takes"
          + " turns in a block",
      "  ve        touches, and accepts 4K when it gets a #VE",
      "  reckless  accepts 2M or 4K as it comes, on several vCPUs at once, accepted or not",
      "  hostile   the same; and between its accesses accepts and touches any address, in its memory"
          + " or beyond, shared or private, at any level",
      "",
      "Policies of --fault-split: ignore leaves the mapping, and gives up exits that never end; exclusive"
          + " splits it under the exclusive lock; shared splits it in the fault.",
      "",
      "Kinds of --inject; the first is for normal VMs, the others want --vm td:",
      "  DROP_FLUSH   a TLB flush is lost; the run has to find stale uses, and fail",
      "  BUSY         a try of one of the module's locks fails; at most 0.5, as a call tries several",
      "  INTERRUPTED  a PROMOTE, or an ACCEPT of 2M, is interrupted",
      "  EPOCH_BUSY   TRACK finds a vCPU of the epoch before inside",
      "  NO_MEMORY    an allocation of guest memory fails",
      "  OVER_ZAP     a conversion or a hole takes a page too many; the run has to find lost data, and"
          + " fail",
      "",
      "Exit codes: 0 sound; 1 the run or the audit failed; 2 bad usage or input."
    })
public final class ReplayCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private ReplayFlags flags = new ReplayFlags();

  /** A command that picocli fills. */
  public ReplayCommand() {}

  @Override
  public Integer call() throws BadInputException, InterruptedException {
    flags.check();
    WholeFile file = flags.jsonFile();
    ProgressLine progress = flags.progress();
    ReplayResult result;
    try {
      result = Replay.run(flags.plan(progress), progress);
    } finally {
      progress.clear();
    }
    PrintWriter out = spec.commandLine().getOut();
    if (flags.isJsonToOutput()) {
      out.print(JsonReport.of(result));
      out.flush();
    } else {
      TextReport.print(out, result);
    }
    boolean isSound = flags.isSound(result);
    boolean isWritten = flags.write(file, () -> JsonReport.of(result));
    return isSound && isWritten ? ExitCode.OK : ExitCode.FAILED;
  }
}
