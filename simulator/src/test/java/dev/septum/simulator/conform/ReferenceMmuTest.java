package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.MmuOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine against the rules, where the records do not reach. */
class ReferenceMmuTest {
  private static final int SCRIPTS = Integer.getInteger("septum.conform.scripts", 300);
  private static final long FIRST_SEED = Long.getLong("septum.conform.seed", 1);
  private static final int OPERATIONS = 50;

  @TestFactory
  List<DynamicTest> theRulesAgreeWithEveryRecord() {
    return Records.ofGroup("core").stream()
        .map(
            record ->
                DynamicTest.dynamicTest(record.get("name").asText(), () -> assertAgrees(record)))
        .toList();
  }

  private static void assertAgrees(ObjectNode record) {
    ReferenceMmu mmu = new ReferenceMmu(record.get("config"));
    for (int i = 0; i < record.get("script").size(); i++) {
      JsonNode expected = record.at("/result/steps/" + i);
      ObjectNode found = mmu.step(record.at("/script/" + i));
      assertNull(Mismatch.first(fields(expected), expected, found), "steps[" + i + "]");
      assertEquals(expected.size(), found.size());
    }
    JsonNode end = record.at("/result/final");
    assertNull(Mismatch.first(fields(end), end, mmu.end()));
  }

  private static List<String> fields(JsonNode node) {
    List<String> fields = new ArrayList<>();
    node.fieldNames().forEachRemaining(fields::add);
    return fields;
  }

  @Test
  void theEngineAgreesWithTheRules() {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SCRIPTS; seed++) {
      ObjectNode record = RandomScripts.record(seed, OPERATIONS);
      assertEquals(
          new Verdict.Agree(OPERATIONS),
          Records.replay(record, MmuOptions.KVM),
          "-Dseptum.conform.seed=" + seed);
    }
  }

  /** Where 1G is allowed, a count at 2M does not stop a host of 2M pages from 2M mappings. */
  @ParameterizedTest
  @CsvSource({
    "0, 262144, 2, 512", // 1G allowed: the count at 2M is not looked at
    "0, 262143, 2, 510", // a cut block: 1G is not allowed, 2M neither at its end nor where
    // counted
    "512, 262144, 2, 510", // likewise, cut at its head, where the count is
    "0, 262144, 3, 0", // one leaf of 1G
    "0, 262144, 1, 0"
  })
  void aCountAt2mStopsNothingWhere1gIsAllowed(long start, long end, int hostLevel, int leaves2m)
      throws IOException {
    String config =
        "{'root_level':4,'ad_bits':1,'nx_huge_pages':0,'npages':262144,'tdx':0,'pfn_offset':0}";
    List<String> script =
        List.of(
            "{'op':'fault','gfn':0,'host_level':3,'access':'r','prefetch':0,'ro':0,'private':0}",
            "{'op':'split','start':0,'end':262144,'target_level':1,'shared':1}",
            "{'op':'disallow_lpage','gfn':512,'level':2,'add':1}",
            "{'op':'recover','start':%d,'end':%d,'host_level':%d}"
                .formatted(start, end, hostLevel));
    List<ObjectNode> operations = new ArrayList<>();
    for (String operation : script) {
      operations.add(object(operation));
    }
    ObjectNode record = ReferenceMmu.record(1, object(config), operations);
    assertEquals(new Verdict.Agree(script.size()), Records.replay(record, MmuOptions.KVM));
    assertEquals(leaves2m, record.at("/result/final/pages/1").intValue());
  }

  private static ObjectNode object(String json) throws IOException {
    return (ObjectNode) Records.MAPPER.readTree(json.replace('\'', '"'));
  }

  @Test
  void theEngineInItsOwnWaysDoesNot() {
    int differ = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + 20; seed++) {
      ObjectNode record = RandomScripts.record(seed, OPERATIONS);
      differ += Records.replay(record, MmuOptions.SEPTUM) instanceof Verdict.Differ ? 1 : 0;
    }
    assertTrue(differ > 10, differ + " of 20 differ");
  }
}
