package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.MmuOptions;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine against what the real code did. */
class RecordedScriptsTest {
  private static final int CORE_SCRIPTS = 76;
  private static final int MIRROR_SCRIPTS = 27;
  private static final int ALL_SCRIPTS = 182;

  @TestFactory
  List<DynamicTest> everyCoreScriptAgrees() {
    List<ObjectNode> core = Records.ofGroup("core");
    assertEquals(CORE_SCRIPTS, core.size());
    return agreeing(core);
  }

  /** A TD's two roots, over an external table that is busy now and then. */
  @TestFactory
  List<DynamicTest> everyMirrorScriptWithoutAgeingAndFastZapsAgrees() {
    List<ObjectNode> mirror =
        Records.ofGroup("mirror").stream()
            .filter(record -> !record.get("script").toString().matches(".*(age|zap_all_fast).*"))
            .toList();
    assertEquals(MIRROR_SCRIPTS, mirror.size());
    return agreeing(mirror);
  }

  private static List<DynamicTest> agreeing(List<ObjectNode> records) {
    return records.stream()
        .map(
            record ->
                DynamicTest.dynamicTest(
                    record.get("name").asText(),
                    () ->
                        assertEquals(
                            new Verdict.Agree(record.get("script").size()),
                            Records.replay(record, MmuOptions.KVM))))
        .toList();
  }

  @Test
  void noScriptDiffersAndWhatIsNotComparedIsUnsupported() {
    int unsupported = 0;
    List<ObjectNode> all = Records.all();
    for (ObjectNode record : all) {
      Verdict verdict = Records.replay(record, MmuOptions.KVM);
      if (!(verdict instanceof Verdict.Agree)) {
        assertInstanceOf(Verdict.Unsupported.class, verdict, record.get("name").asText());
        unsupported++;
      }
    }
    assertEquals(ALL_SCRIPTS, all.size());
    assertEquals(ALL_SCRIPTS - CORE_SCRIPTS - MIRROR_SCRIPTS, unsupported);
  }

  /** Each of KVM's ways is seen by some record: the comparison can fail. */
  @ParameterizedTest
  @CsvSource({
    "false, true, true, leafs",
    "true, false, true, flush_ranges",
    "true, true, false, flush_all",
    "false, false, false, leafs"
  })
  void anotherWayDiffers(
      boolean presetDirty, boolean collapseUnasked, boolean flushAllOnZap, String field) {
    MmuOptions other = new MmuOptions(presetDirty, collapseUnasked, flushAllOnZap, true);
    List<String> fields =
        Records.ofGroup("core").stream()
            .map(record -> Records.replay(record, other))
            .filter(Verdict.Differ.class::isInstance)
            .map(verdict -> ((Verdict.Differ) verdict).difference().mismatch().field())
            .toList();
    assertTrue(fields.contains(field), "differed in " + fields);
  }
}
