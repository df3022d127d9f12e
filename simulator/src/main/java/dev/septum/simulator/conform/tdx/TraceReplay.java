package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.Difference;
import dev.septum.simulator.conform.Mismatch;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.RecordReplay;
import dev.septum.simulator.conform.Subject;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.simulator.conform.Verdict;
import dev.septum.tdx.ModuleVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Replays traces, each on a machine of its own, and compares every field of every step. */
public final class TraceReplay implements RecordReplay {
  static final String AGAINST = "the engine as TDX module 1.5.01";

  private static final Set<String> FIELDS =
      Set.of(
          "trace",
          "seed",
          "init_op_state",
          "pending_ve_disable",
          "gpa_base",
          "sept_levels_prebuilt",
          "regions_2m",
          "sept_pages",
          "initial_chldcnt",
          "steps",
          "final");

  private final ModuleVersion version;

  /** A replay of traces against the version that was recorded. */
  public TraceReplay() {
    this(ModuleVersion.V1_5_01);
  }

  /** A replay of traces against any version. */
  TraceReplay(ModuleVersion version) {
    this.version = version;
  }

  @Override
  public String noun() {
    return "trace";
  }

  @Override
  public String against() {
    return AGAINST;
  }

  @Override
  public Recorded read(RecordNode record) throws BadInputException {
    Subject subject =
        new Subject(
            record.place(),
            noun(),
            record.integer("trace", 0, Long.MAX_VALUE),
            "seed " + record.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
            record.text("init_op_state").toLowerCase(Locale.ROOT));
    List<RecordNode> steps = record.objects("steps");
    return Recorded.of(
        subject,
        () -> {
          record.checkFields("a trace", FIELDS);
          return run(subject, TraceConfig.read(record), steps, record.object("final"));
        });
  }

  private Verdict run(Subject subject, TraceConfig config, List<RecordNode> steps, RecordNode end)
      throws BadInputException, UnsupportedException {
    List<TraceStep> plan = new ArrayList<>();
    for (RecordNode step : steps) {
      plan.add(TraceStep.read(step, config));
    }
    TdxMachine machine = config.newMachine(version);
    for (int i = 0; i < plan.size(); i++) {
      TraceStep step = plan.get(i);
      Mismatch mismatch =
          compare("a step", step.record(), step.inputs(), found -> step.run(machine, found));
      if (mismatch != null) {
        return new Verdict.Differ(i + 1, Difference.atStep(subject, i, step.operation(), mismatch));
      }
    }
    Mismatch mismatch =
        compare("an end", end, Set.of(), found -> config.describeEnd(machine, found));
    return mismatch == null
        ? new Verdict.Agree(plan.size())
        : new Verdict.Differ(plan.size(), Difference.at(subject, "final", mismatch));
  }

  /** Does something, and adds what is found then. */
  interface Finding {
    void find(ObjectNode found) throws UnsupportedException;
  }

  /**
   * Compares all that is recorded but the inputs.
   *
   * @param what the object is, in the reason why it is not supported
   */
  static @Nullable Mismatch compare(
      String what, RecordNode record, Set<String> inputs, Finding finding)
      throws BadInputException, UnsupportedException {
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    try {
      finding.find(found);
    } catch (RuntimeException e) {
      return Mismatch.inWords("exception", "none", e.toString());
    }
    return Mismatch.first(what, record, inputs, found);
  }
}
