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
  private static final int SCENARIOS = 5;

  private static final int EACH = 200;

  private static LincheckFailure search(Class<?> operations, int threads) {
    ModelCheckingOptions options = Interleavings.of(threads, SCENARIOS, EACH);
    for (ExecutionScenario chosen : ChosenScenarios.of(operations, threads)) {
      options.addCustomScenario(chosen);
    }
    return Interleavings.search(options, operations, TreeSpecification.class);
  }

  @ParameterizedTest
  @CsvSource({
    "2, dev.septum.lincheck.Accesses",
    "2, dev.septum.lincheck.SmallFaults",
    "2, dev.septum.lincheck.LargeFaults",
    "2, dev.septum.lincheck.Stamped",
    "3, dev.septum.lincheck.SmallFaults",
    "3, dev.septum.lincheck.LargeFaults",
  })
  void whatThreadsAreToldHasAnOrder(int threads, Class<?> operations) {
    assertNull(search(operations, threads));
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
    assertInstanceOf(IncorrectResultsFailure.class, search(operations, 2));
  }

  /**
   * What they leave behind, the audit finds; if it does not come first, the looks afterwards do.
   */
  @ParameterizedTest
  @ValueSource(classes = {Broken.PlainAccess.class, Broken.Unlocked.class})
  void aTreeThatIsBrokenForGoodIsFound(Class<?> operations) {
    LincheckFailure failure = search(operations, 2);
    assertTrue(
        failure instanceof ValidationFailure || failure instanceof IncorrectResultsFailure,
        String.valueOf(failure));
  }

  @Test
  void nobodyWaitsBelowTheLock() {
    assertNull(Interleavings.searchForWaits(SCENARIOS, EACH, WithoutLock.class));
  }

  @Test
  void whoWaitsIsFound() {
    assertInstanceOf(
        ObstructionFreedomViolationFailure.class,
        Interleavings.searchForWaits(SCENARIOS, EACH, Broken.Waiting.class));
  }
}
