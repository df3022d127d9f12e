package dev.septum.mutants;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs JUnit tests, and ends the JVM with the first that fails. The main class of a JVM of its own,
 * in whose class path a mutant may stand first.
 */
final class JUnitRun {
  static final int PASSED = 0;
  static final int FAILED = 1;

  /** Something that did not link, or a test that is not there. */
  static final int BROKEN = 3;

  /** Something waits for ever. */
  static final int HUNG = 4;

  /** Before what is wrong, in the output. */
  static final String MARK = "mutants: ";

  private static final int MOST_CHARACTERS = 300;

  private JUnitRun() {}

  /**
   * Runs tests.
   *
   * @param args classes, or methods as {@code class#method(type,...)}
   */
  public static void main(String[] args) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(args).map(JUnitRun::selector).toList())
            .build();
    Listener listener = new Listener();
    LauncherFactory.create().execute(request, listener);
    Set<String> missing = new TreeSet<>();
    for (String test : args) {
      missing.add(test.replaceFirst("\\(.*", "")); // a method's parameters
    }
    missing.removeAll(listener.ran);
    if (!missing.isEmpty()) {
      end(BROKEN, "no test was run of " + missing);
    }
    end(PASSED, "passed");
  }

  private static DiscoverySelector selector(String test) {
    return test.contains("#") ? selectMethod(test) : selectClass(test);
  }

  /** Says how it went, and ends the JVM. */
  static void end(int code, String what) {
    System.out.println(MARK + what);
    System.out.flush();
    Runtime.getRuntime().halt(code); // other threads of a test that failed may go on for ever
  }

  static String shortened(String text) {
    return text.length() > MOST_CHARACTERS ? text.substring(0, MOST_CHARACTERS) + "..." : text;
  }

  private static final class Listener implements TestExecutionListener {
    /** Classes of which a test has run, and those tests. */
    final Set<String> ran = new ConcurrentSkipListSet<>();

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      String name = nameOf(test);
      Throwable failure = result.getThrowable().orElse(null);
      if (failure != null && result.getStatus() == TestExecutionResult.Status.FAILED) {
        failure.printStackTrace(System.out);
        String what = name + ": " + oneLine(failure);
        end(isBroken(failure) ? BROKEN : FAILED, what);
      }
      if (test.isTest()) {
        ran.add(name);
        ran.add(name.replaceFirst("[$#].*", ""));
      }
    }

    private static String nameOf(TestIdentifier test) {
      Object source = test.getSource().orElse(null);
      if (source instanceof MethodSource method) {
        return method.getClassName() + "#" + method.getMethodName();
      }
      return source instanceof ClassSource type ? type.getClassName() : test.getDisplayName();
    }

    private static String oneLine(Throwable failure) {
      return shortened(failure.toString().replaceAll("\\s*\\R\\s*", " "));
    }

    /** What does not link, or is no test, has caught nothing. */
    private static boolean isBroken(Throwable failure) {
      for (Throwable each = failure; each != null; each = each.getCause()) {
        if (each instanceof LinkageError
            || each instanceof org.junit.platform.commons.JUnitException) {
          return true;
        }
      }
      return false;
    }
  }
}
