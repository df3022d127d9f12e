package dev.septum.lincheck;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.strategy.IncorrectResultsFailure;
import org.jetbrains.kotlinx.lincheck.strategy.LincheckFailure;
import org.jetbrains.kotlinx.lincheck.strategy.ManagedLivelockFailure;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A trust domain's host and two vCPUs, in interleavings that Lincheck chooses: what they are told
 * has an order, and nobody waits for ever. A livelock is a loop of more than 50 rounds, after every
 * tenth of which, or after each if it only looks, the other thread has gone on.
 *
 * <p>Under IGNORE all are asked for what they did ({@link TrustDomainOperations}), without ACCEPTs
 * that find a page of another size: the policy itself lets those wait for ever. Under EXCLUSIVE and
 * SHARED only the guest is asked ({@link GuestOperations}), since an ACCEPT that the host has to
 * map or split for is several steps that others may see. Not looked at: three threads, as an
 * interleaving here takes five times a tree's.
 */
@Tag("lincheck")
final class TrustDomainOrderTest {
  /** Random ones, besides those that are chosen. */
  private static final int SCENARIOS = 1;

  private static final int EACH = 40;

  private static LincheckFailure search(Class<?> operations, Class<?> specification) {
    ModelCheckingOptions options = Interleavings.of(2, SCENARIOS, EACH);
    for (ExecutionScenario chosen : ChosenScenarios.of(operations, 2)) {
      options.addCustomScenario(chosen);
    }
    return Interleavings.search(options, operations, specification);
  }

  @Test
  void whatTwoVcpusAndTheHostAreToldHasAnOrder() {
    assertNull(search(TrustDomainOperations.class, TrustDomainSpecification.class));
    assertTrue(Interleavings.outcomes() >= 12, "too few different outcomes");
  }

  @ParameterizedTest
  @ValueSource(classes = {GuestOperations.class, GuestOperations.Shared.class})
  void whatTheGuestIsToldHasAnOrderWhateverTheHostDoes(Class<?> operations) {
    assertNull(search(operations, GuestSpecification.class));
    assertTrue(Interleavings.outcomes() >= 10, "too few different outcomes");
  }

  @ParameterizedTest
  @ValueSource(classes = {Broken.PromoteCount.class, Broken.CheckThenAccept.class})
  void aBrokenTrustDomainGivesResultsWithoutAnOrder(Class<?> operations) {
    assertInstanceOf(
        IncorrectResultsFailure.class, search(operations, TrustDomainSpecification.class));
  }

  @Test
  void anAcceptThatIsLostIsFound() {
    assertInstanceOf(
        IncorrectResultsFailure.class, search(Broken.AcceptLost.class, GuestSpecification.class));
  }

  @Test
  void aGuestThatWaitsForEverIsFound() {
    assertInstanceOf(
        ManagedLivelockFailure.class,
        search(Broken.GivesUpWhatIsBusy.class, GuestSpecification.class));
  }
}
