package dev.septum.simulator.conform.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.septum.simulator.conform.Difference;
import dev.septum.simulator.conform.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A record of the module that says something else is found out, at the very step and field. */
class TamperedModuleRecordTest {
  private static final Set<String> STEP_INPUTS =
      Set.of(
          "op",
          "level",
          "gpa",
          "r8",
          "vcpu",
          "interrupt_from_check",
          "pde",
          "region",
          "accept",
          "accept_skipped_index");

  private static final Set<String> CASE_INPUTS =
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
          "fatal",
          "fatal_code",
          "state_before");

  /** Where the epochs are what the case is about, they are its start. */
  private static final Set<String> SETS_THAT_BEGIN_WITH_EPOCHS =
      Set.of("track", "tracking", "bepoch");

  private static final int ONE_OF = 9;

  /** One step for each operation and result, and every field of it. */
  @Test
  void everyFieldOfEveryKindOfStepIsCompared() {
    Set<String> kinds = new HashSet<>();
    Set<String> fields = new TreeSet<>();
    for (ObjectNode trace : TdxRecords.traces()) {
      for (int i = 0; i < trace.get("steps").size(); i++) {
        JsonNode step = trace.get("steps").get(i);
        if (kinds.add(step.get("op").asText() + " " + step.path("res").asText())) {
          for (Map.Entry<String, JsonNode> field : step.properties()) {
            if (!STEP_INPUTS.contains(field.getKey()) && !isTheWalk(step, field.getKey())) {
              fields.add(field.getKey());
              assertStepDiffers(trace, i, field.getKey(), field.getValue());
            }
          }
        }
      }
    }
    assertEquals(
        Set.of(
            "res",
            "status",
            "rcx",
            "rdx",
            "rax",
            "exit_qual",
            "eeq",
            "exit_gpa",
            "entry_level",
            "entry",
            "state",
            "chldcnt",
            "epoch",
            "ref",
            "vcpu_epoch"),
        fields);
    assertTrue(kinds.size() > 60, kinds.toString());
  }

  /** TRACK's records do not say how far their walk was to go but by where it has ended. */
  private static boolean isTheWalk(JsonNode step, String field) {
    return step.get("op").asText().equals("MEM.TRACK") && field.equals("entry_level");
  }

  private static void assertStepDiffers(ObjectNode trace, int step, String field, JsonNode value) {
    for (JsonNode other : othersThan(value)) {
      ObjectNode tampered = trace.deepCopy();
      ((ObjectNode) tampered.get("steps").get(step)).set(field, other);
      Difference difference = differs(tampered);
      String what = trace.get("trace") + " " + step + " " + field + " = " + other;
      assertEquals("steps[" + step + "]", difference.where(), what);
      assertEquals(field, difference.mismatch().field(), what);
    }
  }

  private static Difference differs(ObjectNode trace) {
    return assertInstanceOf(
            Verdict.Differ.class, TdxRecords.replay(new TraceReplay(), trace), trace.toString())
        .difference();
  }

  @Test
  void everyFieldOfTheEndIsCompared() {
    for (ObjectNode trace : TdxRecords.traces().subList(0, 3)) {
      for (Map.Entry<String, JsonNode> field : trace.get("final").properties()) {
        for (JsonNode other : othersThan(field.getValue())) {
          ObjectNode tampered = trace.deepCopy();
          ((ObjectNode) tampered.get("final")).set(field.getKey(), other);
          Difference difference = differs(tampered);
          assertEquals("final", difference.where());
          assertEquals(field.getKey(), difference.mismatch().field());
        }
      }
    }
  }

  /** One case in a few, of every set; a sequence is tampered with in {@link #aSequenceGoesOn}. */
  @Test
  void everyFieldOfACaseIsCompared() {
    List<ObjectNode> cases = TdxRecords.cases();
    Set<String> sets = new TreeSet<>();
    for (int i = 0; i < cases.size(); i++) {
      ObjectNode one = cases.get(i);
      boolean isNew = sets.add(one.get("set").asText());
      if ((!isNew && i % ONE_OF != 0) || one.has("step") || isUnsupported(one)) {
        continue;
      }
      for (Map.Entry<String, JsonNode> field : one.properties()) {
        if (!CASE_INPUTS.contains(field.getKey()) && !isStart(one, field.getKey())) {
          for (JsonNode other : othersThan(field.getValue())) {
            ObjectNode tampered = one.deepCopy();
            tampered.set(field.getKey(), other);
            assertInstanceOf(
                Verdict.Differ.class,
                TdxRecords.replay(new CaseReplay(), tampered),
                (i + 1) + " " + field.getKey() + " = " + other + " in " + one);
          }
        }
      }
    }
    assertEquals(19, sets.size());
  }

  private static boolean isUnsupported(ObjectNode one) {
    return TdxRecords.replay(new CaseReplay(), one) instanceof Verdict.Unsupported;
  }

  private static boolean isStart(ObjectNode one, String field) {
    return SETS_THAT_BEGIN_WITH_EPOCHS.contains(one.get("set").asText())
            && (field.equals("td_epoch") || field.equals("refcount"))
        || one.get("op").asText().equals("PHYMEM.PAGE.WBINVD") && field.equals("rcx");
  }

  @Test
  void aSequenceGoesOn() {
    CaseReplay replay = new CaseReplay();
    List<ObjectNode> sequence =
        TdxRecords.cases().stream()
            .filter(one -> one.path("variant").asText().equals("sept_remove_bottom_up"))
            .toList();
    assertEquals(10, sequence.size());
    for (ObjectNode step : sequence.subList(0, 8)) {
      assertInstanceOf(Verdict.Agree.class, TdxRecords.replay(replay, step));
    }
    ObjectNode tampered = sequence.get(8).deepCopy();
    tampered.put("rcx", "0x100202000");
    Verdict.Differ differ =
        assertInstanceOf(Verdict.Differ.class, TdxRecords.replay(replay, tampered));
    assertEquals("rcx", differ.difference().mismatch().field());
  }

  /** Values near a value, each of which is wrong. */
  private static List<JsonNode> othersThan(JsonNode value) {
    List<JsonNode> others = new ArrayList<>();
    if (value.isInt()) {
      others.add(IntNode.valueOf(value.intValue() + 1));
    } else if (value.isBigInteger() || value.isLong()) {
      others.add(IntNode.valueOf(1));
    } else if (value.isTextual()) {
      others.add(TextNode.valueOf(value.textValue() + "1"));
    } else if (value.isBoolean()) {
      others.add(BooleanNode.valueOf(!value.booleanValue()));
    } else if (value.isNull()) {
      others.add(IntNode.valueOf(0));
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        for (JsonNode other : othersThan(value.get(i))) {
          others.add(((ArrayNode) value.deepCopy()).set(i, other));
        }
      }
    } else {
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        for (JsonNode other : othersThan(field.getValue())) {
          others.add(((ObjectNode) value.deepCopy()).set(field.getKey(), other));
        }
      }
    }
    return others;
  }
}
