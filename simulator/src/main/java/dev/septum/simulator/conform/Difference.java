package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The first place at which the engine differs from a record.
 *
 * @param where the same as a path in the record, or in its result
 * @param step the index of the step, from 0; null where there are no steps, and behind the last
 * @param operation what was done there; null behind the last step
 */
public record Difference(
    Subject subject,
    String where,
    @Nullable Integer step,
    @Nullable JsonNode operation,
    Mismatch mismatch) {

  /** At a step. */
  public static Difference atStep(
      Subject subject, int step, JsonNode operation, Mismatch mismatch) {
    return new Difference(subject, "steps[" + step + "]", step, operation, mismatch);
  }

  /** Behind the last step. */
  public static Difference at(Subject subject, String where, Mismatch mismatch) {
    return new Difference(subject, where, null, null, mismatch);
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    subject.describe(json);
    json.put("where", where);
    json.put("step", step);
    json.set("op", operation);
    json.put("field", mismatch.field());
    json.put("index", mismatch.index());
    json.set("expected", mismatch.expected().isMissingNode() ? null : mismatch.expected());
    json.set("found", mismatch.found().isMissingNode() ? null : mismatch.found());
    return json;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s, %s%s%n    %s",
        subject,
        where,
        operation == null ? "" : " " + operation,
        mismatch);
  }
}
