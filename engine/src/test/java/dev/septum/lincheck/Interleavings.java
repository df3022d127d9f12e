package dev.septum.lincheck;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jetbrains.kotlinx.lincheck.LinCheckerKt;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionResult;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.execution.ResultWithClock;
import org.jetbrains.kotlinx.lincheck.strategy.LincheckFailure;
import org.jetbrains.kotlinx.lincheck.util.LincheckResult;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.verifier.LinearizabilityVerifier;
import org.jetbrains.lincheck.datastructures.verifier.Verifier;

/**
 * Runs Lincheck, and prints how much it has looked at. Lincheck's own random numbers have a fixed
 * seed: the same budget is the same scenarios and interleavings. {@code
 * -Dseptum.lincheck.iterations=N} and {@code -Dseptum.lincheck.invocations=N} look at N scenarios,
 * and at up to N interleavings of each.
 */
final class Interleavings {
  private static final int SCENARIOS = Integer.getInteger("septum.lincheck.iterations", 0);
  private static final int EACH = Integer.getInteger("septum.lincheck.invocations", 0);
  private static final int OPERATIONS_BEFORE = 2;
  private static final int OPERATIONS_EACH = 3;

  /** Made when nothing runs: nothing in them is a point where another thread may come in. */
  private static final ManagedStrategyGuarantee AUDITS =
      ManagedStrategyGuaranteeKt.forClasses(
              "dev.septum.mmu.TreeAudit", "dev.septum.vm.MachineAudit")
          .allMethods()
          .ignore();

  private Interleavings() {}

  /** Options that look at so many scenarios of some threads, unless a property says otherwise. */
  static ModelCheckingOptions of(int threads, int scenarios, int each) {
    return new ModelCheckingOptions()
        .threads(threads)
        .actorsBefore(OPERATIONS_BEFORE)
        .actorsPerThread(OPERATIONS_EACH)
        .actorsAfter(0)
        .iterations(SCENARIOS > 0 ? SCENARIOS : scenarios)
        .invocationsPerIteration(EACH > 0 ? EACH : each)
        .minimizeFailedScenario(false)
        .executionGenerator(LooksAfterwards.class)
        .verifier(Counted.class)
        .addGuarantee(AUDITS);
  }

  /**
   * Looks for somebody who waits for another thread, whatever the results; returns what was found,
   * or null.
   */
  static LincheckFailure searchForWaits(int scenarios, int each, Class<?> operations) {
    return search(
        of(2, scenarios, each).checkObstructionFreedom(true).verifier(Any.class),
        operations,
        operations);
  }

  /** Looks; returns what was found wrong, or null. */
  static LincheckFailure search(
      ModelCheckingOptions options, Class<?> operations, Class<?> specification) {
    Counted.reset();
    long begin = System.nanoTime();
    LincheckFailure failure =
        LinCheckerKt.checkImpl(options.sequentialSpecification(specification), operations);
    System.out.printf(
        "lincheck %s: %s, %d ms: %s%n",
        operations.getSimpleName(),
        Counted.summary(),
        (System.nanoTime() - begin) / 1_000_000,
        failure == null ? "nothing found" : failure.getClass().getSimpleName());
    return failure;
  }

  /** How many different answers, all of a scenario together, the last search has seen. */
  static int outcomes() {
    return Counted.OUTCOMES.size();
  }

  /** Takes any results. */
  public static final class Any implements Verifier {
    /** By reflection. */
    public Any(Class<?> specification) {}

    @Override
    public boolean verifyResults(ExecutionScenario scenario, ExecutionResult results) {
      Counted.count(scenario, results);
      return true;
    }
  }

  /** Lincheck's verifier, which counts what it is asked about. Lincheck asks in one thread. */
  public static final class Counted implements Verifier {
    private static final Set<ExecutionScenario> SCENARIOS_SEEN = new HashSet<>();
    private static final Set<Integer> OUTCOMES = new HashSet<>();
    private static long interleavings;

    private final LinearizabilityVerifier verifier;

    /** By reflection. */
    public Counted(Class<?> specification) {
      verifier = new LinearizabilityVerifier(specification);
    }

    static void reset() {
      SCENARIOS_SEEN.clear();
      OUTCOMES.clear();
      interleavings = 0;
    }

    static String summary() {
      return String.format(
          "%d scenarios, %d interleavings, %d different outcomes",
          SCENARIOS_SEEN.size(), interleavings, OUTCOMES.size());
    }

    static void count(ExecutionScenario scenario, ExecutionResult results) {
      interleavings++;
      SCENARIOS_SEEN.add(scenario);
      OUTCOMES.add(31 * System.identityHashCode(scenario) + answers(results).hashCode());
    }

    /** The results without what says which of them came before which. */
    private static List<Object> answers(ExecutionResult results) {
      List<List<LincheckResult>> parallel =
          results.getParallelResultsWithClock().stream()
              .map(thread -> thread.stream().map(ResultWithClock::getResult).toList())
              .toList();
      return List.of(results.getInitResults(), parallel, results.getPostResults());
    }

    @Override
    public boolean verifyResults(ExecutionScenario scenario, ExecutionResult results) {
      count(scenario, results);
      return verifier.verifyResults(scenario, results);
    }
  }
}
