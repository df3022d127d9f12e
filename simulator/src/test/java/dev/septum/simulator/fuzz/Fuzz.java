package dev.septum.simulator.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Shows a target inputs that are wrong, from a seed that is printed, for as long as is wanted: it
 * may answer in the ways that are documented, in bounded time and memory.
 *
 * <p>{@code -Dseptum.fuzz.millis=N} says how long each test goes on, {@code -Dseptum.fuzz.seed=N}
 * shows the one input of that seed again.
 */
final class Fuzz {
  private static final long MILLIS = Long.getLong("septum.fuzz.millis", 3_000);
  private static final Long SEED = Long.getLong("septum.fuzz.seed");

  /** Of the thread that is asked: a machine that is busy, or stops, makes no difference. */
  private static final long MOST_CPU_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A record, read and written again, is well below this. */
  static final long MOST_ALLOCATED = 256L << 20;

  private static final int LONGEST_SHOWN = 600;
  private static final int LEAST_CASES = 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Fuzz() {}

  /** Whether one input alone is shown again: then nothing can be said of all answers. */
  static boolean isOneInput() {
    return SEED != null;
  }

  /** What is shown inputs. */
  @FunctionalInterface
  interface Target<T> {
    /**
     * Takes an input.
     *
     * @return in a word, in which of the documented ways it has answered
     * @throws Exception if it has answered in any other
     */
    String take(T input, SplittableRandom random) throws Exception;
  }

  /** Shows mutations of texts. */
  static Map<String, Integer> texts(String name, List<byte[]> seeds, Target<byte[]> target) {
    return run(
        name,
        random -> new Mutations(random, seeds).next(),
        bytes -> new String(bytes, StandardCharsets.ISO_8859_1),
        target);
  }

  /** Shows what a grammar makes; returns how often each answer came. */
  static <T> Map<String, Integer> run(
      String name,
      Function<SplittableRandom, T> grammar,
      Function<T, String> words,
      Target<T> target) {
    Map<String, Integer> answers = new TreeMap<>();
    long begun = System.nanoTime();
    long base = SEED == null ? begun : SEED;
    int cases = 0;
    while (cases < LEAST_CASES
        || System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(MILLIS)) {
      long seed = base + cases;
      SplittableRandom random = new SplittableRandom(seed);
      T input = grammar.apply(random);
      try {
        answers.merge(bounded(target, input, random), 1, Integer::sum);
      } catch (Exception | StackOverflowError | OutOfMemoryError | AssertionError e) {
        String shown = words.apply(input).replace("\n", "\\n\n");
        shown = shown.length() > LONGEST_SHOWN ? shown.substring(0, LONGEST_SHOWN) + "..." : shown;
        throw new AssertionError(
            String.format("%s, -Dseptum.fuzz.seed=%d: %s, for:%n%s", name, seed, e, shown), e);
      }
      cases++;
      if (SEED != null) {
        break;
      }
    }
    System.out.printf("%s: the seeds from %d on: %,d inputs, %s%n", name, base, cases, answers);
    return answers;
  }

  /** Shows one input. */
  static <T> String bounded(Target<T> target, T input, SplittableRandom random) throws Exception {
    long id = Thread.currentThread().getId();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long allocated = THREADS.getThreadAllocatedBytes(id);
    String answer = target.take(input, random);
    long nanos = THREADS.getCurrentThreadCpuTime() - cpu;
    long bytes = THREADS.getThreadAllocatedBytes(id) - allocated;
    if (nanos > MOST_CPU_NANOS) {
      throw new AssertionError("it took " + nanos / 1_000_000 + " ms");
    }
    if (bytes > MOST_ALLOCATED) {
      throw new AssertionError("it took " + (bytes >> 20) + " MiB");
    }
    return answer;
  }
}
