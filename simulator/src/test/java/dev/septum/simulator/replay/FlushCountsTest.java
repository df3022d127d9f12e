package dev.septum.simulator.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The counts of a small guest, in which one batch is enough. */
class FlushCountsTest {
  private static final int PAGES = 64;

  @Test
  @DisplayName("a split flushes nothing, a merge and a zap once; only the zap is alone")
  void oneFlushAnOperation() {
    FlushCounts.Result result = FlushCounts.run((long) PAGES << 21);
    List<FlushCounts.Step> steps = result.steps();
    assertEquals(
        List.of("map", "split", "merge", "zap"),
        steps.stream().map(FlushCounts.Step::name).toList());
    assertEquals(List.of(0L, 0L, 1L, 1L), steps.stream().map(FlushCounts.Step::flushes).toList());
    assertEquals(
        List.of(0L, 0L, 0L, 1L), steps.stream().map(FlushCounts.Step::exclusiveHolds).toList());
    for (FlushCounts.Step step : steps) {
      assertEquals(PAGES, step.pages(), step.name());
    }
    assertEquals(0, result.violations());
  }
}
