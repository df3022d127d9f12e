package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.Violation;
import dev.septum.simulator.BadInputException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Replays scripts through the engine, each on a machine of its own, and compares every step. */
final class ScriptReplay implements RecordReplay {
  private static final String EXT = "ext";

  /** What all steps have, in the order in which it is compared: the digest says least. */
  private static final List<String> STEP_FIELDS =
      List.of(
          "flush_all",
          "flush_ranges",
          "dirty",
          "pages",
          "freed",
          "tables",
          "runs",
          "leafs",
          "digest",
          "nonpresent");

  /** What a step may leave out: runs when there are many, other entries when there are none. */
  private static final Set<String> OPTIONAL_FIELDS = Set.of("leafs", "nonpresent", "mirror_leafs");

  /** What they have besides in a TD. */
  private static final List<String> MIRROR_STEP_FIELDS =
      List.of(EXT, "mirror_tables", "mirror_leafs", "mirror_digest");

  private static final List<String> END_FIELDS =
      List.of("leafs", "tables", "nonpresent", "pages", "flush_all_total", "flush_range_total");
  private static final List<String> MIRROR_END_FIELDS = List.of("mirror_leafs", "mirror_tables");
  private static final List<String> TEARDOWN_FIELDS =
      List.of("leaked_pages", "flush_all", "flush_ranges", "dirty", "pages", "freed");

  private final MmuOptions options;

  /**
   * A replay.
   *
   * @param options the engine's ways
   */
  ScriptReplay(MmuOptions options) {
    this.options = options;
  }

  @Override
  public String noun() {
    return "script";
  }

  @Override
  public String against() {
    return "the engine in KVM's ways";
  }

  @Override
  public Recorded read(RecordNode record) throws BadInputException {
    Script script = Script.read(record);
    return Recorded.of(script.subject(), () -> replay(script));
  }

  /** A step to be replayed: the call, and the fields that are compared afterwards. */
  private record Step(Operation.Call call, List<String> fields, JsonNode expected) {}

  /**
   * Replays a script up to the first difference.
   *
   * @throws BadInputException if it is no script; known before anything is run
   */
  Verdict replay(Script script) throws BadInputException {
    try {
      script.checkFields();
      ScriptConfig config = ScriptConfig.read(script.config());
      List<Step> steps = new ArrayList<>();
      for (int i = 0; i < script.steps().size(); i++) {
        steps.add(readStep(script.operations().get(i), script.steps().get(i), config));
      }
      checkFields("the final state", script.end(), endFields(config), Set.of());
      checkFields("a teardown", script.teardown(), teardownFields(config), Set.of());
      return run(script, config, steps);
    } catch (UnsupportedException e) {
      return new Verdict.Unsupported(e.reason());
    }
  }

  private static List<String> endFields(ScriptConfig config) {
    return config.isTrustDomain() ? joined(END_FIELDS, MIRROR_END_FIELDS) : END_FIELDS;
  }

  private static List<String> teardownFields(ScriptConfig config) {
    return config.isTrustDomain() ? joined(TEARDOWN_FIELDS, List.of(EXT)) : TEARDOWN_FIELDS;
  }

  private static List<String> joined(List<String> some, List<String> more) {
    List<String> all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }

  private static Step readStep(RecordNode op, RecordNode step, ScriptConfig config)
      throws BadInputException, UnsupportedException {
    Operation operation = Operation.of(op);
    Operation.Call call = operation.read(op, config);
    operation.checkFields(op);
    List<String> fields = joined(operation.resultFields(), STEP_FIELDS);
    if (config.isTrustDomain()) {
      fields.addAll(MIRROR_STEP_FIELDS);
    }
    checkFields("a step", step, fields, OPTIONAL_FIELDS);
    if (!step.has("leafs")) {
      if (step.integer("runs", 0, Long.MAX_VALUE) <= ScriptMachine.MOST_RUNS_LISTED) {
        step.field("leafs");
      }
      fields.remove("leafs");
    }
    if (!step.has("mirror_leafs")) {
      fields.remove("mirror_leafs"); // the digest says it all
    }
    return new Step(call, fields, step.json());
  }

  private static void checkFields(
      String what, RecordNode node, List<String> fields, Set<String> optional)
      throws BadInputException, UnsupportedException {
    for (String field : fields) {
      if (!optional.contains(field)) {
        node.field(field);
      }
    }
    node.checkFields(what, new HashSet<>(fields));
  }

  private Verdict run(Script script, ScriptConfig config, List<Step> steps)
      throws UnsupportedException {
    try (ScriptMachine machine = new ScriptMachine(config, options)) {
      for (int i = 0; i < steps.size(); i++) {
        Mismatch mismatch = runStep(machine, steps.get(i));
        if (mismatch != null) {
          return new Verdict.Differ(
              i + 1, Difference.atStep(script.subject(), i, script.operation(i), mismatch));
        }
      }
      Mismatch mismatch = compare(endFields(config), script.end().json(), machine::describeEnd);
      if (mismatch != null) {
        return new Verdict.Differ(steps.size(), Difference.at(script.subject(), "final", mismatch));
      }
      mismatch =
          compare(
              teardownFields(config), withSortedCalls(script.teardown().json()), machine::tearDown);
      if (mismatch != null) {
        return new Verdict.Differ(
            steps.size(), Difference.at(script.subject(), "teardown", mismatch));
      }
      return new Verdict.Agree(steps.size());
    }
  }

  private static JsonNode withSortedCalls(JsonNode teardown) {
    ObjectNode sorted = teardown.deepCopy();
    if (sorted.get(EXT) instanceof ArrayNode calls) {
      sorted.set(EXT, RecordedExternalTable.sorted(calls));
    }
    return sorted;
  }

  private static @Nullable Mismatch runStep(ScriptMachine machine, Step step)
      throws UnsupportedException {
    Mismatch mismatch =
        compare(
            step.fields,
            step.expected,
            () -> {
              ObjectNode found = JsonNodeFactory.instance.objectNode();
              step.call.run(machine, found);
              machine.describeStep(found);
              return found;
            });
    // What was recorded was whole at every step; a broken tree does not agree with it.
    List<Violation> violations = mismatch == null ? machine.audit() : List.of();
    return violations.isEmpty()
        ? mismatch
        : Mismatch.inWords("audit", "no violation", violations.get(0).toString());
  }

  /** What is found, or why it cannot be. */
  private interface Finding {
    ObjectNode find() throws UnsupportedException;
  }

  private static @Nullable Mismatch compare(List<String> fields, JsonNode expected, Finding finding)
      throws UnsupportedException {
    try {
      return Mismatch.first(fields, expected, finding.find());
    } catch (RuntimeException e) {
      return Mismatch.inWords("exception", "none", e.toString());
    }
  }
}
