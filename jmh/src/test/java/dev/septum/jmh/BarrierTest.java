package dev.septum.jmh;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many threads a barrier can count. */
class BarrierTest {
  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 4096})
  void threadsThatItCannotCountAreRefused(int threads) {
    Exception refusal =
        assertThrows(IllegalArgumentException.class, () -> new Barrier(threads).reset());
    assertEquals("expected 1 to 4095 threads, found " + threads, refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4095})
  void threadsThatItCanCountAreNot(int threads) {
    assertDoesNotThrow(() -> new Barrier(threads));
  }
}
