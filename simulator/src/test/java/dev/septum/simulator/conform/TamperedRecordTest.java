package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.septum.mmu.MmuOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A record that says something else is found out, at the very step and field. */
class TamperedRecordTest {
  /** The kernel's raw bits of a leaf. */
  private static final int RAW_BITS = 5;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fault-levels",
        "fault-collapses-to-1g-deep",
        "split-1g-to-4k-shared",
        "recover-host-level-limits",
        "zap-covering-leaf-before-start",
        "unmap-then-refault-keeps-tables",
        "lpage-disallow-fault",
        "five-levels",
        "rnd-core-6",
        "tdx-private-and-shared",
        "tdx-busy-link"
      })
  void everyFieldOfEveryStepIsCompared(String name) {
    ObjectNode record = Records.named(name);
    for (int i = 0; i < record.at("/result/steps").size(); i++) {
      for (Map.Entry<String, JsonNode> field : record.at("/result/steps/" + i).properties()) {
        for (JsonNode other : othersThan(field.getValue())) {
          assertDiffers(record, "/steps/" + i, "steps[" + i + "]", field.getKey(), other);
        }
      }
    }
    for (String part : List.of("final", "teardown")) {
      for (Map.Entry<String, JsonNode> field : record.at("/result/" + part).properties()) {
        for (JsonNode other : othersThan(field.getValue())) {
          assertDiffers(record, "/" + part, part, field.getKey(), other);
        }
      }
    }
  }

  private static void assertDiffers(
      ObjectNode record, String at, String where, String field, JsonNode other) {
    ObjectNode tampered = record.deepCopy();
    ((ObjectNode) tampered.at("/result" + at)).set(field, other);
    String what = record.get("name").asText() + " " + where + "." + field + " = " + other;
    Verdict verdict = Records.replay(tampered, MmuOptions.KVM);
    Difference difference = assertInstanceOf(Verdict.Differ.class, verdict, what).difference();
    assertEquals(where, difference.where(), what);
    assertEquals(field, difference.mismatch().field(), what);
  }

  /** Values near a value, each of which is wrong. */
  private static List<JsonNode> othersThan(JsonNode value) {
    List<JsonNode> others = new ArrayList<>();
    if (value.isInt()) {
      others.add(IntNode.valueOf(value.intValue() + 1));
      others.add(IntNode.valueOf(value.intValue() - 1));
    } else if (value.isTextual()) {
      others.add(TextNode.valueOf(value.textValue() + "W"));
      others.add(TextNode.valueOf(value.textValue().isEmpty() ? "R" : ""));
    } else if (value.isBoolean()) {
      others.add(BooleanNode.valueOf(!value.booleanValue()));
    } else if (value.isNull()) {
      others.add(IntNode.valueOf(0));
    } else {
      for (int i = 0; i < Math.min(value.size(), RAW_BITS); i++) {
        for (JsonNode other : othersThan(value.get(i))) {
          others.add(((ArrayNode) value.deepCopy()).set(i, other));
        }
      }
      if (!isLeaf(value)) {
        ArrayNode longer = value.deepCopy();
        others.add(longer.add(JsonNodeFactory.instance.arrayNode().add(0).add(1)));
        ArrayNode shorter = value.deepCopy();
        if (shorter.remove(shorter.size() - 1) != null) {
          others.add(shorter);
        }
      }
    }
    return others;
  }

  private static boolean isLeaf(JsonNode value) {
    return value.size() == RAW_BITS + 1 && value.get(RAW_BITS).isTextual();
  }

  @Test
  void rawBitsOfALeafAreThoseOfOneKernelAndNotCompared() {
    ObjectNode record = Records.named("fault-levels");
    for (JsonNode step : record.at("/result/steps")) {
      for (JsonNode leaf : step.get("leafs")) {
        ((ArrayNode) leaf).set(RAW_BITS, TextNode.valueOf("0"));
      }
    }
    assertInstanceOf(Verdict.Agree.class, Records.replay(record, MmuOptions.KVM));
  }

  @Test
  void anEntryThatIsNotPresentIsExpectedInVain() {
    ObjectNode record = Records.named("fault-levels");
    ((ObjectNode) record.at("/result/steps/3"))
        .putArray("nonpresent")
        .addArray()
        .add(7)
        .add("8000000000000006");
    Verdict.Differ differ =
        assertInstanceOf(Verdict.Differ.class, Records.replay(record, MmuOptions.KVM));
    assertEquals("steps[3]", differ.difference().where());
    assertEquals("nonpresent", differ.difference().mismatch().field());
    assertEquals(0, differ.difference().mismatch().index());
  }

  @Test
  void onlyTheFirstDifferenceIsReported(@TempDir Path folder) throws Exception {
    ObjectNode record = Records.named("fault-levels");
    ((ObjectNode) record.at("/result/steps/7")).put("ret", 2);
    ((ObjectNode) record.at("/result/steps/4")).put("goal", 2);
    Path file = Files.writeString(folder.resolve("records"), record + "\n");
    Path json = folder.resolve("report.json");
    ConformRun run = ConformRun.of(file, "--json", json);
    assertEquals(1, run.exitCode());
    assertTrue(
        run.out().contains("script 0 fault-levels (core), steps[4] " + record.at("/script/4")),
        run.out());
    assertTrue(run.out().contains("goal: expected 2, found 1"), run.out());
    JsonNode report = ConformRun.json(json);
    assertEquals(1, report.get("differ").intValue());
    assertEquals(0, report.get("agree").intValue());
    assertEquals(1, report.get("differences").size());
    JsonNode difference = report.at("/differences/0");
    assertEquals(0, difference.get("id").intValue());
    assertEquals("fault-levels", difference.get("name").asText());
    assertEquals(4, difference.get("step").intValue());
    assertEquals("steps[4]", difference.get("where").asText());
    assertEquals(record.at("/script/4"), difference.get("op"));
    assertEquals("goal", difference.get("field").asText());
    assertEquals(2, difference.get("expected").intValue());
    assertEquals(1, difference.get("found").intValue());
  }
}
