package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.jmh.peers.Peer;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.BenchmarkListEntry;

/** What is run, of the benchmarks that there are. */
class TrialSelectionTest {
  private static final long MUCH = 1L << 40;

  @Test
  void quickIsTheCorePathsSmallGuestsAndALookAtPeersAndLocks() {
    List<Trial> trials = of(Suite.QUICK, "", List.of(), Map.of(), MUCH);
    assertEquals(
        new TreeSet<>(List.of("SeptumPaths", "ScalePaths", "PeerPaths", "FaultLockPaths")),
        trials.stream()
            .map(trial -> trial.key().className())
            .collect(Collectors.toCollection(TreeSet::new)));
    assertEquals(List.of(1, 2), threads(trials, "SeptumPaths.translate"));
    assertEquals(List.of("1", "4", "16"), sizes(trials));
    assertEquals(4.0, trials.get(0).seconds(), 1e-9, "3 and 5 times 500 ms");
    assertEquals(
        Peer.values().length,
        trials.stream().filter(trial -> trial.key().label().startsWith("PeerPaths.")).count());
    assertEquals(List.of(2), threads(trials, "FaultLockPaths.fault4k holders=0 lock=STAMPED"));
    double seconds = trials.stream().mapToDouble(Trial::seconds).sum() * Suite.QUICK.forks();
    assertTrue(seconds <= 240, "JVMs that start and fill their guests take the rest of 5 minutes");
  }

  @Test
  void fullIsEverythingAtAsManyThreadsAsThereAreCores() {
    List<Trial> trials = of(Suite.FULL, "", List.of(), Map.of(), MUCH);
    TreeSet<String> names = new TreeSet<>();
    TrialSelection.all().forEach(benchmark -> names.add(benchmark.getUsername()));
    assertTrue(names.size() > 40, names::toString);
    assertEquals(
        names,
        trials.stream()
            .map(trial -> trial.key().benchmark())
            .collect(Collectors.toCollection(TreeSet::new)));
    assertEquals(List.of(1, 2, 4, 6), threads(trials, "SeptumPaths.translate"));
    assertEquals(List.of(1), threads(trials, "MergePaths.byRange"));
    assertEquals(List.of("1", "16", "128", "1024"), sizes(trials));
  }

  @Test
  void sizesThatTheHeapCannotHoldAreLeftOut() {
    List<Trial> trials = of(Suite.FULL, "ScalePaths", List.of(), Map.of(), 1L << 30);
    assertEquals(List.of("1", "16", "128"), sizes(trials));
  }

  @Test
  void includedBenchmarksNeedNotBeOfTheSuite() {
    List<Trial> trials = of(Suite.QUICK, "MergePaths.byRange", List.of(), Map.of(), MUCH);
    assertEquals(
        "[MergePaths.byRange exchange=false, 1 thread, MergePaths.byRange exchange=true, 1 thread]",
        trials.stream().map(Trial::key).toList().toString());
    assertEquals(List.of(), of(Suite.QUICK, "no such", List.of(), Map.of(), MUCH));
  }

  @Test
  void threadsAndParametersAreThoseAskedForButAGroupHasItsOwnThreads() {
    List<Trial> trials =
        of(Suite.QUICK, "ScalePaths.walk", List.of(3, 16), Map.of("gib", List.of("2")), MUCH);
    assertEquals(
        "[ScalePaths.walkAnywhere gib=2, 3 threads, ScalePaths.walkAnywhere gib=2, 16 threads]",
        trials.stream().map(Trial::key).toList().toString());
    List<Trial> group = of(Suite.QUICK, "ContendedPaths.block", List.of(16), Map.of(), MUCH);
    assertEquals(
        "[ContendedPaths.block, 2 threads]", group.stream().map(Trial::key).toList().toString());
    assertTrue(group.get(0).isGroup());
  }

  private static List<Trial> of(
      Suite suite,
      String include,
      List<Integer> threads,
      Map<String, List<String>> params,
      long heapBytes) {
    List<Pattern> includes = include.isEmpty() ? List.of() : List.of(Pattern.compile(include));
    java.util.Collection<BenchmarkListEntry> all = TrialSelection.all();
    return new TrialSelection(suite, includes, threads, params, suite.lengths(), 6, heapBytes)
        .trials(all);
  }

  private static List<Integer> threads(List<Trial> trials, String label) {
    return trials.stream()
        .map(Trial::key)
        .filter(key -> key.label().startsWith(label))
        .map(ResultKey::threads)
        .distinct()
        .toList();
  }

  private static List<String> sizes(List<Trial> trials) {
    return trials.stream()
        .map(Trial::key)
        .filter(key -> key.label().startsWith("ScalePaths.walk"))
        .map(key -> key.params().get(Suite.SIZE_PARAM))
        .toList();
  }
}
