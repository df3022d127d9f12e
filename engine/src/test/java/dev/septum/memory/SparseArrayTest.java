package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Elements by index, few of which are there. */
class SparseArrayTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 255, 256, 257, 1 << 16, (1 << 16) + 1, 1L << 32, (1L << 40) - 3})
  void theFirstAndTheLastIndexHaveTheirOwnElementAndTheOthersNone(long length) {
    SparseArray<String> array = new SparseArray<>(length);
    assertNull(array.getAcquire(0));
    assertNull(array.getAcquire(length - 1));
    array.setRelease(length - 1, "last");
    assertEquals(length == 1 ? "last" : null, array.getAcquire(0));
    assertEquals("last", array.getAcquire(length - 1));
    assertEquals("last", array.getOrAdd(length - 1, () -> "another"));
    array.setRelease(length - 1, null);
    assertEquals("another", array.getOrAdd(length - 1, () -> "another"));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 10, 256, Long.MIN_VALUE, Long.MAX_VALUE})
  void anIndexBeyondTheLengthThrows(long index) {
    SparseArray<String> array = new SparseArray<>(10);
    assertThrows(IndexOutOfBoundsException.class, () -> array.getAcquire(index));
    assertThrows(IndexOutOfBoundsException.class, () -> array.getOrAdd(index, () -> ""));
    assertThrows(IndexOutOfBoundsException.class, () -> array.setRelease(index, ""));
  }

  @Test
  void elementsAreThoseOfAMap() {
    Random random = Seeds.random("SparseArrayTest");
    SparseArray<Integer> array = new SparseArray<>(1L << 33);
    Map<Long, Integer> model = new HashMap<>();
    for (int step = 0; step < 20_000; step++) {
      long index = random.nextInt(1 << random.nextInt(1, 20)) + (random.nextLong(4) << 31);
      switch (random.nextInt(3)) {
        case 0 -> {
          array.setRelease(index, step);
          model.put(index, step);
        }
        case 1 -> {
          array.setRelease(index, null);
          model.remove(index);
        }
        default -> {
          Integer made = step;
          Integer there = model.putIfAbsent(index, made);
          assertEquals(there == null ? made : there, array.getOrAdd(index, () -> made));
        }
      }
      assertEquals(model.get(index), array.getAcquire(index));
      assertEquals(model.get(index ^ 1), array.getAcquire(index ^ 1));
    }
  }

  /** Both must come to one element, through nodes that both make. */
  @Test
  void twoThreadsThatAddToTheSameArrayLoseNothing() {
    int rounds = 20_000;
    SparseArray<AtomicIntegerArray> array = new SparseArray<>(1L << 32);
    Together.run(() -> countUp(array, 0, rounds), () -> countUp(array, 1, rounds));
    for (int i = 0; i < rounds; i++) {
      assertEquals("[1, 1]", String.valueOf(array.getAcquire(indexOf(i))));
    }
  }

  private static void countUp(SparseArray<AtomicIntegerArray> array, int own, int rounds) {
    for (int i = 0; i < rounds; i++) {
      array.getOrAdd(indexOf(i), () -> new AtomicIntegerArray(2)).incrementAndGet(own);
    }
  }

  private static long indexOf(int i) {
    return (i * 0x9e3779b97f4a7c15L) >>> 32;
  }
}
