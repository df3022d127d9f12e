package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** When exits for an ACCEPT are taken for endless, and when not. */
final class ViolationWatchTest {
  private final ViolationWatch watch = new ViolationWatch();

  /** How often of so many exits for one ACCEPT, with one entry, it says so. */
  private int said(int exits, long gfn, int level, long entry) {
    int said = 0;
    for (int i = 0; i < exits; i++) {
      said += watch.note(gfn, level, entry) ? 1 : 0;
    }
    return said;
  }

  @Test
  void aRowIsEndlessAtItsLastExitAndThatIsSaidOnce() {
    assertEquals(0, said(ViolationWatch.ENDLESS - 1, 5, 1, 7));
    assertTrue(watch.note(5, 1, 7));
    assertFalse(watch.note(5, 1, 7));
  }

  @Test
  void whoGetsOnBeginsAnotherRow() {
    assertEquals(0, said(ViolationWatch.ENDLESS - 1, 5, 1, 7));
    assertFalse(watch.note(5, 1, 8), "the entry has changed");
    assertEquals(0, said(ViolationWatch.ENDLESS - 2, 5, 1, 8));
    assertFalse(watch.note(6, 1, 8), "another page");
    assertEquals(0, said(ViolationWatch.ENDLESS - 2, 6, 1, 8));
    assertFalse(watch.note(6, 2, 8), "another level");
  }

  /** The broken variant: a watch that forgets between two exits never says so. */
  @Test
  void aWatchThatForgetsFindsNothing() {
    int said = 0;
    for (int i = 0; i < 10 * ViolationWatch.ENDLESS; i++) {
      said += new ViolationWatch().note(5, 1, 7) ? 1 : 0;
    }
    assertEquals(0, said);
    assertEquals(10, said(10 * ViolationWatch.ENDLESS, 5, 1, 7));
  }
}
