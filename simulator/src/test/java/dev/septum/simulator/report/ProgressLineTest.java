package dev.septum.simulator.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.simulator.replay.PageCounts;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What is shown of a run that goes on. */
class ProgressLineTest {
  private static final String TEXT = " 50 %  2.5 M/s  faults 1,234  mapped 4K 5,000, 2M 6, 1G 0";

  private final StringWriter written = new StringWriter();
  private final PrintWriter out = new PrintWriter(written);

  @Test
  void terminalHasOneLineRewrittenAndClearedAtTheEnd() {
    ProgressLine progress = ProgressLine.live(out);
    show(progress);
    show(progress);
    progress.clear();
    String erase = "\r\u001b[K";
    assertEquals(erase + TEXT + erase + TEXT + erase, written.toString());
  }

  @Test
  void elsewhereLinesFollowEachOther() {
    ProgressLine progress = ProgressLine.plain(out);
    show(progress);
    progress.clear();
    assertEquals(TEXT + System.lineSeparator(), written.toString());
    assertTrue(progress.intervalMillis() >= 5_000);
  }

  @Test
  void quietIsQuiet() {
    ProgressLine progress = ProgressLine.quiet(out);
    show(progress);
    progress.reading(1_000_000);
    progress.clear();
    assertEquals("", written.toString());
  }

  private static void show(ProgressLine progress) {
    progress.running(5_000_000, 10_000_000, 2, 1_234, new PageCounts(5_000, 6, 0));
  }
}
