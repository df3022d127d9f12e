package dev.septum.lincheck;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jetbrains.kotlinx.lincheck.strategy.IncorrectResultsFailure;
import org.jetbrains.kotlinx.lincheck.strategy.LincheckFailure;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A trust domain, under real threads: Lincheck's model checker takes it for a livelock after some
 * thousand steps that two vCPUs retry what is busy, and wait for each other's exits.
 */
@Tag("lincheck")
final class TrustDomainOrderTest {
  private static final int SCENARIOS = 20;
  private static final int EACH = 200;

  private static LincheckFailure search(Class<?> operations) {
    return Interleavings.search(
        Interleavings.byChance(2, SCENARIOS, EACH), operations, TrustDomainSpecification.class);
  }

  @Test
  void whatTwoVcpusAndTheHostAreToldHasAnOrder() {
    assertNull(search(TrustDomainOperations.class));
  }

  @Test
  void aBrokenTrustDomainGivesResultsWithoutAnOrder() {
    assertInstanceOf(IncorrectResultsFailure.class, search(Broken.PromoteCount.class));
  }
}
