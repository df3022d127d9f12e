package dev.septum.jmh.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the JVM of a fork chooses by its flags, as it says itself.
 *
 * @param collector the garbage collector's name; empty if it is none of HotSpot's
 * @param maxHeapBytes the most that its heap may have; this JVM's if the other does not tell
 */
record ForkJvm(String collector, long maxHeapBytes) {
  /** The program that runs this JVM. */
  static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  /** Not every flag that ends so chooses a collector. */
  private static final Pattern COLLECTOR =
      Pattern.compile("bool Use(Serial|Parallel|G1|Z|Shenandoah|Epsilon)GC\\s*:?= true");

  private static final Pattern MAX_HEAP = Pattern.compile("size_t MaxHeapSize\\s*:?= (\\d+)");

  /**
   * Starts one, which only prints its flags.
   *
   * @param java the program that runs the forks
   * @param flags all that a fork has
   */
  static ForkJvm asked(String java, List<String> flags) {
    List<String> command = new ArrayList<>(List.of(java));
    command.addAll(flags);
    command.addAll(List.of("-XX:+PrintFlagsFinal", "-version"));
    return of(Machine.output(command));
  }

  /** By the flags that a JVM prints. */
  static ForkJvm of(String flags) {
    Matcher collector = COLLECTOR.matcher(flags);
    Matcher maxHeap = MAX_HEAP.matcher(flags);
    return new ForkJvm(
        collector.find() ? Objects.requireNonNull(collector.group(1)) : "",
        maxHeap.find()
            ? Long.parseLong(Objects.requireNonNull(maxHeap.group(1)))
            : Runtime.getRuntime().maxMemory());
  }
}
