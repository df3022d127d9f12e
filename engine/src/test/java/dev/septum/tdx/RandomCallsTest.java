package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Thousands of calls at random, right and wrong, each checked by {@link CallAudit} and the module
 * behind it by {@link ModuleAudit}; then the TD is torn down to the last page.
 */
final class RandomCallsTest {
  private static final int LEAST_CALLS = 2000;
  private static final int MOST_CALLS = 40_000;
  private static final int BUILD_CALLS = 400;
  private static final int BUSY_ONE_IN = 60;
  private static final int INTERRUPTED_ONE_IN = 8;
  private static final int LEAST_ERRORS = 12;

  @ParameterizedTest(name = "{0}, {1} levels of {2} bits")
  @CsvSource({
    "1.5.01, 3, 2",
    "1.5.01, 4, 1",
    "newest, 3, 2",
    "newest, 5, 1",
    "interruptible, 3, 2",
    "non-blocking, 3, 2",
    "dynamic PAMT, 3, 2"
  })
  void everyCallDoesWhatItMay(String module, int levels, int bits) {
    Random random = Seeds.random("random calls, " + module + ", " + levels + " x " + bits);
    RandomFaults faults = new RandomFaults(random, BUSY_ONE_IN, INTERRUPTED_ONE_IN);
    faults.stop();
    RandomCalls calls = new RandomCalls(config(module, new Geometry(levels, bits)), faults, random);
    faults.start();
    for (int i = 0; i < LEAST_CALLS || !hasSeenEnough(calls) && i < MOST_CALLS; i++) {
      if (i >= BUILD_CALLS && calls.succeeded().contains(TdxLeaf.MEM_PAGE_ADD)) {
        calls.endBuild();
      }
      calls.next();
      assertEquals(List.of(), calls.violations(), () -> "behind " + calls.last());
    }
    assertEquals(Set.of(), neverDone(calls));
    assertTrue(calls.failures().size() > LEAST_ERRORS, () -> "only these: " + calls.failures());
    faults.stop();
    calls.tearDown();
    assertEquals(List.of(), calls.violations());
  }

  private static boolean hasSeenEnough(RandomCalls calls) {
    return neverDone(calls).isEmpty() && calls.failures().size() > LEAST_ERRORS;
  }

  /** Leaf functions that have never succeeded, those of the teardown left out. */
  private static Set<TdxLeaf> neverDone(RandomCalls calls) {
    Set<TdxLeaf> left = EnumSet.allOf(TdxLeaf.class);
    left.removeAll(calls.succeeded());
    left.removeAll(
        EnumSet.of(TdxLeaf.MNG_VPFLUSHDONE, TdxLeaf.MNG_KEY_FREEID, TdxLeaf.PHYMEM_PAGE_RECLAIM));
    if (!calls.isDynamic()) {
      left.removeAll(EnumSet.of(TdxLeaf.PHYMEM_PAMT_ADD, TdxLeaf.PHYMEM_PAMT_REMOVE));
    }
    return left;
  }

  private static ModuleConfig config(String module, Geometry geometry) {
    ModuleConfig newest = TestDomain.newest(geometry);
    return switch (module) {
      case "1.5.01" -> TestDomain.v1501(geometry);
      case "interruptible" -> newest.withEnhancedDemoteInterruptibility(false);
      case "non-blocking" -> newest.withNonBlockingResize(true);
      case "dynamic PAMT" -> newest.withDynamicPamt(true);
      default -> newest;
    };
  }
}
