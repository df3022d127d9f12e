package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Replays cases, each on a machine of its own but for those of a sequence, and compares every field
 * that says what came of the call.
 */
public final class CaseReplay implements RecordReplay {
  /** The fields that say what is done, or are the recorder's own. */
  private static final Set<String> INPUTS =
      Set.of(
          "set",
          "op",
          "level",
          "op_state",
          "entry_level",
          "tracked",
          "variant",
          "entry_before",
          "requested_level",
          "step",
          "in_rcx",
          "stale",
          "inner_op",
          "inner_level",
          "inner_where",
          "lifecycle",
          "access_rwx",
          "map_refs_leaked",
          "fatal_code");

  private static final List<String> OUTCOME = List.of("status", "rcx", "rdx");

  private static final List<String> LEAST_RESULTS =
      List.of(
          "entry_after",
          "state_after",
          "pamt_after",
          "chldcnt_delta",
          "td_epoch",
          "refcount",
          "locks_after");

  private int records;
  private final CaseRun run = new CaseRun();

  /** A replay of cases. */
  public CaseReplay() {}

  @Override
  public String noun() {
    return "case";
  }

  @Override
  public String against() {
    return TraceReplay.AGAINST;
  }

  @Override
  public Recorded read(RecordNode record) throws BadInputException {
    String set = record.text("set");
    String variant = record.json().path("variant").isTextual() ? " " + record.text("variant") : "";
    String name = record.text("op") + variant;
    Subject subject = new Subject(record.place(), noun(), ++records, name, set);
    return Recorded.of(
        subject,
        () -> {
          if (record.truth("fatal")) {
            throw new UnsupportedException("what a module that has shut down leaves locked");
          }
          Mismatch mismatch = findAndCompare(record);
          return mismatch == null
              ? new Verdict.Agree(1)
              : new Verdict.Differ(
                  1, new Difference(subject, "result", null, inputs(record), mismatch));
        });
  }

  private @Nullable Mismatch findAndCompare(RecordNode record)
      throws BadInputException, UnsupportedException {
    try {
      return compare(record, find(record));
    } catch (RuntimeException e) {
      return Mismatch.inWords("exception", "none", e.toString());
    }
  }

  private ObjectNode find(RecordNode record) throws BadInputException, UnsupportedException {
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    String op = record.text("op");
    if (op.startsWith("PHYMEM.")) {
      PhymemCase.run(record, found);
    } else if (op.equals("GPA_TRANSLATE")) {
      TranslateCase.run(record, found);
    } else if (op.equals("VP.ENTER.epoch_step")) {
      EpochStepCase.run(record, found);
    } else {
      for (String field : LEAST_RESULTS) {
        record.field(field);
      }
      run.run(CaseRecord.read(record), found);
    }
    found.put("fatal", false);
    return found;
  }

  /** A record tells of some of what is found; what it leaves empty says nothing. */
  private static @Nullable Mismatch compare(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    for (String name : OUTCOME) {
      if (found.has(name)) {
        record.field(name); // a record without its outcome would agree with anything
      }
    }
    for (var field : record.json().properties()) {
      String name = field.getKey();
      JsonNode wanted = field.getValue();
      JsonNode there = found.path(name);
      if (INPUTS.contains(name) || wanted.equals(there)) {
        continue;
      }
      if (!there.isMissingNode()) {
        return new Mismatch(name, null, wanted, there);
      }
      if (!wanted.isNull()) {
        throw new UnsupportedException("field '" + name + "' of the set " + text(record, "set"));
      }
    }
    return null;
  }

  private static String text(RecordNode record, String field) {
    return record.json().path(field).asText();
  }

  private static ObjectNode inputs(RecordNode record) {
    ObjectNode inputs = JsonNodeFactory.instance.objectNode();
    record
        .json()
        .properties()
        .forEach(
            field -> {
              if (INPUTS.contains(field.getKey())) {
                inputs.set(field.getKey(), field.getValue());
              }
            });
    return inputs;
  }
}
