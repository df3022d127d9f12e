package dev.septum.lincheck;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.strategy.IncorrectResultsFailure;
import org.jetbrains.kotlinx.lincheck.strategy.LincheckFailure;
import org.jetbrains.kotlinx.lincheck.strategy.ObstructionFreedomViolationFailure;
import org.jetbrains.kotlinx.lincheck.strategy.ValidationFailure;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The direct root, in interleavings that Lincheck chooses. */
@Tag("lincheck")
final class DirectRootTest {
  /** Random ones, besides those that are chosen. */
  private static final int SCENARIOS = 3;

  private static final int EACH = 100;

  private static LincheckFailure search(Class<?> operations, int threads, int scenarios, int each) {
    ModelCheckingOptions options = Interleavings.of(threads, scenarios, each);
    for (ExecutionScenario chosen : ChosenScenarios.of(operations, threads)) {
      options.addCustomScenario(chosen);
    }
    return Interleavings.search(options, operations, TreeSpecification.class);
  }

  /** Beside the chosen scenarios some random ones, and of each so many interleavings. */
  @ParameterizedTest
  @CsvSource({
    "dev.septum.lincheck.Accesses, 2, 5, 50, 5",
    "dev.septum.lincheck.SmallFaults, 2, 3, 100, 15",
    "dev.septum.lincheck.LargeFaults, 2, 4, 100, 8",
    "dev.septum.lincheck.Stamped, 2, 0, 100, 9",
    "dev.septum.lincheck.SmallFaults, 3, 4, 200, 16",
    "dev.septum.lincheck.LargeFaults, 3, 4, 200, 14",
  })
  void whatThreadsAreToldHasAnOrder(
      Class<?> operations, int threads, int scenarios, int each, int leastOutcomes) {
    assertNull(search(operations, threads, scenarios, each));
    assertTrue(Interleavings.outcomes() >= leastOutcomes, "too few different outcomes");
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Broken.ZapCount.class,
        Broken.CheckThenFault.class,
        Broken.SplitCleans.class,
        Broken.MergeCleans.class,
        Broken.MergeLosesLateWrites.class
      })
  void aBrokenTreeGivesResultsWithoutAnOrder(Class<?> operations) {
    assertInstanceOf(IncorrectResultsFailure.class, search(operations, 2, SCENARIOS, EACH));
  }

  /**
   * What they leave behind, the audit finds; if it does not come first, the looks afterwards do.
   */
  @ParameterizedTest
  @ValueSource(classes = {Broken.PlainAccess.class, Broken.Unlocked.class})
  void aTreeThatIsBrokenForGoodIsFound(Class<?> operations) {
    LincheckFailure failure = search(operations, 2, SCENARIOS, EACH);
    assertTrue(
        failure instanceof ValidationFailure || failure instanceof IncorrectResultsFailure,
        String.valueOf(failure));
  }

  @Test
  void nobodyWaitsBelowTheLock() {
    assertNull(Interleavings.searchForWaits(SCENARIOS, EACH, WithoutLock.class));
    assertTrue(Interleavings.outcomes() >= 5, "too few different outcomes");
  }

  @Test
  void whoWaitsIsFound() {
    assertInstanceOf(
        ObstructionFreedomViolationFailure.class,
        Interleavings.searchForWaits(SCENARIOS, EACH, Broken.Waiting.class));
  }
}
