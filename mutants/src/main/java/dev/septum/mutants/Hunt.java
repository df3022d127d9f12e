package dev.septum.mutants;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs mutants against their catchers, as many at once as there are CPUs; a check whose threads
 * must meet has all CPUs for itself.
 */
final class Hunt {
  /** How it went with a mutant. */
  enum Status {
    /** A check has failed on it. */
    CAUGHT,
    /** Every check has passed. */
    SURVIVED,
    /** A check could not be made. */
    BROKEN,
    /** No check on this hardware can see it, and none was made. */
    UNOBSERVABLE
  }

  /**
   * How it went with a mutant.
   *
   * @param caughtBy the check that failed; null unless it is caught
   * @param detail what failed there, or is broken
   * @param seconds of all its checks
   */
  record Result(
      Mutant mutant, Status status, @Nullable Catcher caughtBy, String detail, double seconds) {}

  /** The most that the checks of the product as it is may take together, by layer. */
  private static final long BASELINE_SECONDS = 900;

  /** The most that one check of a mutant may take. */
  private static final long CHECK_SECONDS = 240;

  /**
   * Where a hang is what is waited for: so many times as long as the check takes without the
   * mutant, just before, on a machine that is as busy.
   */
  private static final int HANG_FACTOR = 4;

  /** And so much more. */
  private static final int HANG_SECONDS = 10;

  private final MutantCompiler compiler;
  private final Check check;
  private final Path out;
  private final int jobs;
  private final Semaphore cpus;

  /**
   * A hunt.
   *
   * @param out where logs go
   * @param jobs how many checks are made at once
   */
  Hunt(MutantCompiler compiler, Check check, Path out, int jobs) {
    this.compiler = compiler;
    this.check = check;
    this.out = out;
    this.jobs = jobs;
    this.cpus = new Semaphore(jobs, true);
  }

  /**
   * Makes the checks of all mutants on the product as it is.
   *
   * @return what does not pass; a catch would say nothing then
   */
  List<String> baseline(List<Mutant> mutants) throws IOException, InterruptedException {
    Map<String, List<Catcher>> groups = new LinkedHashMap<>();
    Set<Catcher> distinct = new LinkedHashSet<>();
    mutants.stream()
        .filter(Mutant::isObservable)
        .forEach(mutant -> distinct.addAll(mutant.catchers()));
    for (Catcher catcher : distinct) {
      groups.computeIfAbsent(groupOf(catcher), name -> new ArrayList<>()).add(catcher);
    }
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, List<Catcher>> group : groups.entrySet()) {
      Path log = out.resolve("baseline").resolve(group.getKey().replaceAll("\\W+", "-") + ".log");
      Outcome outcome = check.run(group.getValue(), null, log, BASELINE_SECONDS);
      if (outcome.kind() != Outcome.Kind.PASSED) {
        problems.add(group.getKey() + ": " + outcome.detail() + " (" + log + ")");
      }
    }
    return problems;
  }

  /** Checks that can be made in one JVM. */
  private static String groupOf(Catcher catcher) {
    return switch (catcher.layer()) {
      case JUNIT -> "junit " + catcher.module();
      case JCSTRESS -> "jcstress";
      case CONFORM -> catcher.toString();
    };
  }

  /**
   * Runs mutants.
   *
   * @param each told of each result when it is there
   * @return the results, in the mutants' order
   */
  List<Result> run(List<Mutant> mutants, Consumer<Result> each)
      throws IOException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(jobs);
    try {
      List<Future<Result>> begun = new ArrayList<>();
      for (Mutant mutant : mutants) {
        Callable<Result> task =
            () -> {
              Result result = run(mutant);
              synchronized (each) {
                each.accept(result);
              }
              return result;
            };
        begun.add(threads.submit(task));
      }
      List<Result> results = new ArrayList<>();
      for (Future<Result> future : begun) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new IOException("a check could not be made: " + e.getCause(), e);
    } finally {
      threads.shutdownNow();
    }
  }

  private Result run(Mutant mutant) throws IOException, InterruptedException {
    try {
      compiler.compile(mutant);
    } catch (StaleMutantException stale) {
      return new Result(mutant, Status.BROKEN, null, "" + stale.getMessage(), 0);
    }
    String reason = mutant.unobservable();
    if (reason != null) {
      return new Result(mutant, Status.UNOBSERVABLE, null, reason, 0);
    }
    double seconds = 0;
    String passed = "";
    for (Catcher catcher : mutant.catchers()) {
      Outcome outcome = run(mutant, catcher);
      seconds += outcome.seconds();
      if (outcome.kind() == Outcome.Kind.HUNG && !mutant.hangs()) {
        outcome = run(mutant, catcher); // a machine that stood still, maybe
        seconds += outcome.seconds();
      }
      boolean hung = outcome.kind() == Outcome.Kind.HUNG;
      if (outcome.kind() == Outcome.Kind.FAILED || (hung && mutant.hangs())) {
        return new Result(mutant, Status.CAUGHT, catcher, outcome.detail(), seconds);
      }
      if (outcome.kind() == Outcome.Kind.BROKEN || hung) {
        String detail = catcher + ": " + outcome.detail();
        return new Result(mutant, Status.BROKEN, null, detail, seconds);
      }
      passed += (passed.isEmpty() ? "" : ", ") + catcher;
    }
    return new Result(mutant, Status.SURVIVED, null, "passed: " + passed, seconds);
  }

  private Outcome run(Mutant mutant, Catcher catcher) throws IOException, InterruptedException {
    int wanted = catcher.layer().wantsAllCpus() ? jobs : 1;
    Path log = compiler.directory(mutant).resolve(catcher.layer().label() + ".log");
    cpus.acquire(wanted);
    try {
      long limit = CHECK_SECONDS;
      if (mutant.hangs()) {
        Outcome without = check.run(List.of(catcher), null, log, CHECK_SECONDS);
        if (without.kind() != Outcome.Kind.PASSED) {
          return new Outcome(
              Outcome.Kind.BROKEN, "without the mutant: " + without.detail(), without.seconds());
        }
        limit = HANG_SECONDS + HANG_FACTOR * (long) Math.ceil(without.seconds());
      }
      return check.run(List.of(catcher), compiler.classes(mutant), log, limit);
    } finally {
      cpus.release(wanted);
    }
  }
}
