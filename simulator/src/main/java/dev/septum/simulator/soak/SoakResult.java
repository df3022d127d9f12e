package dev.septum.simulator.soak;

import dev.septum.simulator.replay.Injection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a machine has endured.
 *
 * @param plan what it was to endure
 * @param seconds how long it ran
 * @param isInterrupted whether it was told to end early
 * @param audits at quiet points, the last one included
 * @param operations how often each was done
 * @param vcpus that there were, one after the other in each thread
 * @param injected how often something went wrong on purpose
 * @param staleUses of translations that should have been flushed
 * @param lostData pages that lost what was written to them; of a normal VM, that it was
 * @param heap bytes used after audits
 * @param findings in words, the one that ended the soak first; empty if all is well
 * @param record the last operations of each thread; null if there is no finding
 */
public record SoakResult(
    SoakPlan plan,
    double seconds,
    boolean isInterrupted,
    int audits,
    Map<Operation, Long> operations,
    long vcpus,
    Map<Injection, Long> injected,
    long staleUses,
    long lostData,
    HeapWatch.Sizes heap,
    List<String> findings,
    @Nullable String record) {

  /** All operations. */
  public long done() {
    return operations.values().stream().mapToLong(Long::longValue).sum();
  }
}
