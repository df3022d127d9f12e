package dev.septum.jmh.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run does, all decided.
 *
 * @param trials what is measured, in this order, in each of the rounds
 * @param forks how many rounds: each gives every trial a JVM of its own
 * @param lengths iterations
 * @param java the program that runs the forks
 * @param jvmArgs its further flags, behind those of this JVM
 * @param forkJvm what such a JVM is
 * @param countsAllocation whether allocation is counted
 * @param reference the same work in C, run at the end of each round; null for none
 */
record RunPlan(
    List<Trial> trials,
    int forks,
    Suite.Lengths lengths,
    String java,
    List<String> jvmArgs,
    ForkJvm forkJvm,
    boolean countsAllocation,
    @Nullable CReference reference) {

  /** All flags of a fork: JMH puts those of this JVM in front of what it is told. */
  static List<String> forkFlags(List<String> jvmArgs) {
    List<String> flags = new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
    flags.addAll(jvmArgs);
    return flags;
  }

  /** The thread counts at which the reference is run: those of the benchmarks it is one for. */
  List<Integer> referenceThreads() {
    return reference == null
        ? List.of()
        : trials.stream()
            .map(Trial::key)
            .filter(key -> key.className().equals(CReference.COUNTERPART))
            .map(ResultKey::threads)
            .distinct()
            .sorted()
            .toList();
  }

  /** Runs of a program in each round. */
  int stepsOfRound() {
    return trials.size() + referenceThreads().size();
  }
}
