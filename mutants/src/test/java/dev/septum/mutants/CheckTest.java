package dev.septum.mutants;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** How the end of a check is read. */
class CheckTest {
  @Test
  void ofATestTheLastWordAndTheExitCodeDecide() {
    assertEquals(Outcome.Kind.PASSED, kind(Layer.JUNIT, 0, JUnitRun.MARK + "passed"));
    assertEquals(Outcome.Kind.FAILED, kind(Layer.JUNIT, 1, JUnitRun.MARK + "a.B#c: expected"));
    assertEquals(Outcome.Kind.BROKEN, kind(Layer.JUNIT, 3, JUnitRun.MARK + "a.B#c: VerifyError"));
    assertEquals(Outcome.Kind.BROKEN, kind(Layer.JUNIT, 1, "Could not create the JVM"));
    assertEquals(Outcome.Kind.BROKEN, kind(Layer.JUNIT, 134, "# A fatal error"));
    assertEquals(Outcome.Kind.FAILED, kind(Layer.JCSTRESS, 1, JUnitRun.MARK + "a.B: forbidden"));
  }

  @Test
  void ofRecordsADifferenceIsACatchAndAnUnsupportedOneIsNone() {
    String agree = "{\"differ\" : 0, \"unsupported\" : 9}";
    assertEquals(Outcome.Kind.PASSED, kind(Layer.CONFORM, 0, agree));
    assertEquals(Outcome.Kind.PASSED, kind(Layer.CONFORM, 1, agree));
    assertEquals(Outcome.Kind.FAILED, kind(Layer.CONFORM, 1, "\"differ\" : 1,", agree));
    assertEquals(Outcome.Kind.BROKEN, kind(Layer.CONFORM, 2, "septum: no such file"));
  }

  private static Outcome.Kind kind(Layer layer, int code, String... lines) {
    return Check.judge(layer, code, List.of(lines), 1).kind();
  }
}
