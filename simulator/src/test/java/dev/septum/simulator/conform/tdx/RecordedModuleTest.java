package dev.septum.simulator.conform.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.conform.Verdict;
import dev.septum.tdx.ModuleVersion;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The engine's model of the TDX module against what the real module did. */
class RecordedModuleTest {
  private static final int TRACES = 200;
  private static final int STEPS = 21_986;
  private static final int CASES = 2_312;

  @Test
  void everyStepOfEveryTraceAgrees() {
    List<ObjectNode> traces = TdxRecords.traces();
    int steps = 0;
    for (ObjectNode trace : traces) {
      Verdict verdict = TdxRecords.replay(new TraceReplay(), trace);
      assertEquals(
          new Verdict.Agree(trace.get("steps").size()), verdict, trace.get("trace").asText());
      steps += verdict.steps();
    }
    assertEquals(TRACES, traces.size());
    assertEquals(STEPS, steps);
  }

  /** A later module is another one, and the traces notice: the comparison can fail. */
  @Test
  void anotherVersionDiffers() {
    Set<String> found = new TreeSet<>();
    for (ObjectNode trace : TdxRecords.traces()) {
      Verdict verdict = TdxRecords.replay(new TraceReplay(ModuleVersion.V1_5_28), trace);
      if (verdict instanceof Verdict.Differ differ) {
        found.add(differ.difference().mismatch().toString());
      }
    }
    assertTrue(
        found.contains(
            "res: expected \"TDX_TLB_TRACKING_NOT_DONE|SEPT_TREE\","
                + " found \"TDX_TLB_TRACKING_NOT_DONE|RCX\""),
        found.toString());
  }

  /** What of each set does not agree is not told; nothing differs. */
  @TestFactory
  List<DynamicTest> everyCaseOfEverySetAgreesIfItsStartIsTold() {
    Map<String, Map<String, Integer>> bySet = new LinkedHashMap<>();
    CaseReplay replay = new CaseReplay();
    List<ObjectNode> cases = TdxRecords.cases();
    for (ObjectNode one : cases) {
      Verdict verdict = TdxRecords.replay(replay, one);
      bySet
          .computeIfAbsent(one.get("set").asText(), set -> new TreeMap<>())
          .merge(describe(verdict), 1, Integer::sum);
    }
    assertEquals(CASES, cases.size());
    assertEquals(19, bySet.size());
    return bySet.entrySet().stream()
        .map(
            set ->
                DynamicTest.dynamicTest(
                    set.getKey(),
                    () -> assertEquals(expected(set.getKey(), cases), set.getValue())))
        .toList();
  }

  private static String describe(Verdict verdict) {
    if (verdict instanceof Verdict.Unsupported unsupported) {
      return unsupported.reason();
    }
    return verdict instanceof Verdict.Agree ? "agree" : verdict.toString();
  }

  private static Map<String, Integer> expected(String set, List<ObjectNode> cases) {
    Map<String, Integer> expected = new TreeMap<>();
    switch (set) {
      case "locks" -> expected.put("what a module that has shut down leaves locked", 2);
      case "precedence" -> expected.put("the record does not say what is bad in R9", 2);
      case "operands" ->
          expected.put("the record does not say where the module's own memory lies (R9)", 1);
      default -> {}
    }
    int all = (int) cases.stream().filter(one -> one.get("set").asText().equals(set)).count();
    int untold = expected.values().stream().mapToInt(Integer::intValue).sum();
    expected.put("agree", all - untold);
    return expected;
  }
}
