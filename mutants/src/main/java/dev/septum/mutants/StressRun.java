package dev.septum.mutants;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.ForkedTestConfig;
import org.openjdk.jcstress.infra.runners.Runner;
import org.openjdk.jcstress.infra.runners.SpinLoopStyle;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs stress tests of jcstress in this JVM, and ends it with the first forbidden outcome. The main
 * class of a JVM of its own, as {@link JUnitRun}.
 *
 * <p>What a fork of jcstress does, without what surrounds it: that looks at the machine and the JVM
 * first, at some thirty starts of a JVM for each mutant, and runs every test in several kinds of
 * JVM. A mutant's reordering is in the program, and is there in any.
 */
final class StressRun {
  /** How long a test is run in one go. */
  private static final int GO_MILLIS = 500;

  /**
   * On a machine that is busy, a test is run until it has so many samples, if that ends in time.
   */
  private static final long ENOUGH_SAMPLES = 500_000;

  private static final int MOST_TIMES_AS_LONG = 6;

  /** Each actor has a CPU of its own: on a machine that is busy both would share one. */
  private static final int[] CPUS = {0, 1};

  // As jcstress has them.
  private static final int MAX_FOOTPRINT_MB = 64;
  private static final int STRIDE_SIZE = 256;
  private static final int STRIDE_COUNT = 40;

  private StressRun() {}

  /**
   * Runs tests.
   *
   * @param args how many seconds each, and their classes
   */
  public static void main(String[] args) throws Exception {
    long seconds = Long.parseLong(args[0]);
    for (int at = 1; at < args.length; at++) {
      run(args[at], seconds);
    }
    JUnitRun.end(JUnitRun.PASSED, "passed");
  }

  private static void run(String test, long seconds) throws Exception {
    TestInfo info = TestList.getInfo(test);
    if (info == null) {
      JUnitRun.end(JUnitRun.BROKEN, "no such test: " + test);
      return;
    }
    long samples = 0;
    long begun = System.nanoTime();
    for (int go = 0; ; go++) {
      SpinLoopStyle style =
          go % 2 == 0 ? SpinLoopStyle.THREAD_SPIN_WAIT : SpinLoopStyle.THREAD_YIELD;
      Runner<?> runner =
          Class.forName(info.generatedRunner())
              .asSubclass(Runner.class)
              .getConstructor(ForkedTestConfig.class)
              .newInstance(configOf(info, style));
      samples += judge(info, runner.run());
      long took = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
      if (took >= (samples < ENOUGH_SAMPLES ? MOST_TIMES_AS_LONG : 1) * seconds) {
        System.out.println(info.name() + ": " + samples + " samples");
        return;
      }
    }
  }

  /** The only public way to make one is from what the parent of a fork writes. */
  private static ForkedTestConfig configOf(TestInfo info, SpinLoopStyle style) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(style.ordinal());
    out.writeInt(GO_MILLIS);
    out.writeInt(1); // iterations
    out.writeUTF(info.generatedRunner());
    out.writeInt(MAX_FOOTPRINT_MB);
    out.writeInt(STRIDE_SIZE);
    out.writeInt(STRIDE_COUNT);
    boolean hasCpus = Runtime.getRuntime().availableProcessors() >= CPUS.length;
    out.writeBoolean(hasCpus);
    if (hasCpus) {
      out.writeInt(CPUS.length);
      for (int cpu : CPUS) {
        out.writeInt(cpu);
      }
    }
    return new ForkedTestConfig(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
  }

  /** Ends the JVM if something is wrong; else returns how many samples there are. */
  private static long judge(TestInfo info, TestResult result) {
    String messages = String.join(" ", result.getMessages()).replaceAll("\\s+", " ");
    if (result.status() == Status.TEST_ERROR && !Check.isLinkage(messages)) {
      JUnitRun.end(JUnitRun.FAILED, info.name() + ": " + JUnitRun.shortened(messages));
    } else if (result.status() == Status.TIMEOUT_ERROR) {
      JUnitRun.end(JUnitRun.HUNG, info.name() + " does not end");
    } else if (result.status() != Status.NORMAL) {
      String what = info.name() + ": " + result.status() + " " + messages;
      JUnitRun.end(JUnitRun.BROKEN, JUnitRun.shortened(what));
    }
    if (result.getStateKeys().isEmpty()) {
      JUnitRun.end(JUnitRun.BROKEN, "no sample of " + info.name());
    }
    for (String state : result.getStateKeys()) {
      if (expectOf(info, state) == Expect.FORBIDDEN) {
        JUnitRun.end(JUnitRun.FAILED, info.name() + ": forbidden outcome " + state);
      }
    }
    return result.getTotalCount();
  }

  private static Expect expectOf(TestInfo info, String state) {
    for (StateCase each : info.cases()) {
      if (each.matchesExactly(state)) {
        return each.expect();
      }
    }
    for (StateCase each : info.cases()) {
      if (each.matches(state)) {
        return each.expect();
      }
    }
    return info.unmatched().expect();
  }
}
