package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The first place at which a script differs from its record.
 *
 * @param step the index of the step, from 0; null for the end and the teardown
 * @param where the same as a path in the record's result
 */
record Difference(Script script, @Nullable Integer step, String where, Mismatch mismatch) {

  static Difference atStep(Script script, int step, Mismatch mismatch) {
    return new Difference(script, step, "steps[" + step + "]", mismatch);
  }

  static Difference at(Script script, String where, Mismatch mismatch) {
    return new Difference(script, null, where, mismatch);
  }

  private @Nullable JsonNode operation() {
    return step == null ? null : script.operation(step);
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("id", script.id());
    json.put("name", script.name());
    json.put("group", script.group().label());
    json.put("where", where);
    json.put("step", step);
    json.set("op", operation());
    json.put("field", mismatch.field());
    json.put("index", mismatch.index());
    json.set("expected", mismatch.expected().isMissingNode() ? null : mismatch.expected());
    json.set("found", mismatch.found().isMissingNode() ? null : mismatch.found());
    return json;
  }

  @Override
  public String toString() {
    JsonNode operation = operation();
    return String.format(
        Locale.ROOT,
        "script %d %s (%s), %s%s%n    %s",
        script.id(),
        script.name(),
        script.group().label(),
        where,
        operation == null ? "" : " " + operation,
        mismatch);
  }
}
