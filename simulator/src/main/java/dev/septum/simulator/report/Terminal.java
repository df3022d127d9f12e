package dev.septum.simulator.report;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person looks at the standard error, on something that can go back in a line. */
final class Terminal {
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /** Whether progress may rewrite its line. */
  static boolean isAtStandardError() {
    String kind = System.getenv("TERM");
    return kind != null && !kind.equals("dumb") && isTerminal();
  }

  @SuppressWarnings("SystemConsoleNull") // asked further below
  private static boolean isTerminal() {
    if (Files.isSymbolicLink(STANDARD_ERROR)) {
      try {
        String device = Files.readSymbolicLink(STANDARD_ERROR).toString();
        return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty");
      } catch (IOException | UnsupportedOperationException e) {
        return false;
      }
    }
    Console console = System.console();
    return console != null && isTerminal(console);
  }

  /** From JDK 22 on there is a console that is no terminal, and a method to ask it. */
  private static boolean isTerminal(Console console) {
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
