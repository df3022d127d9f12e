package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.septum.simulator.BadInputException;
import java.util.List;
import java.util.Set;

/**
 * A recorded script: the machine it wants, its operations, and what was found after each, at the
 * end, and after the machine was torn down.
 *
 * @param operations as many as {@code steps}
 */
record Script(
    long id,
    String name,
    ScriptGroup group,
    RecordNode config,
    List<RecordNode> operations,
    List<RecordNode> steps,
    RecordNode end,
    RecordNode teardown,
    RecordNode record) {
  private static final Set<String> FIELDS =
      Set.of("id", "name", "group", "config", "script", "result");
  private static final Set<String> RESULT_FIELDS = Set.of("steps", "final", "teardown");

  static Script read(RecordNode record) throws BadInputException {
    RecordNode result = record.object("result");
    List<RecordNode> operations = record.objects("script");
    List<RecordNode> steps = result.objects("steps");
    if (steps.size() != operations.size()) {
      throw result
          .field("steps")
          .unexpected("a step for each of " + operations.size() + " operations", "" + steps.size());
    }
    return new Script(
        record.integer("id", Long.MIN_VALUE, Long.MAX_VALUE),
        record.text("name"),
        record.choice("group", ScriptGroup.BY_LABEL),
        record.object("config"),
        operations,
        steps,
        result.object("final"),
        result.object("teardown"),
        record);
  }

  /** Refuses a script that says more than is known here. */
  void checkFields() throws BadInputException, UnsupportedException {
    record.checkFields("a script", FIELDS);
    record.object("result").checkFields("a result", RESULT_FIELDS);
  }

  Subject subject() {
    return new Subject(record.place(), "script", id, name, group.label());
  }

  /** An operation as it was recorded. */
  JsonNode operation(int step) {
    return operations.get(step).json();
  }
}
