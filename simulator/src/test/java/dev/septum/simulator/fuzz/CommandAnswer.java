package dev.septum.simulator.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.TableArenaFullException;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;

/** How a command answered a command line, whatever that was: as documented, or not at all. */
final class CommandAnswer {
  private static final Pattern NOT_FOR_PEOPLE = Pattern.compile("Exception|java\\.|\\.java");

  private CommandAnswer() {}

  /**
   * Runs a command.
   *
   * @return its exit code, in a word
   * @throws Exception what it did not handle, if that is no {@link BadInputException}
   */
  static String of(Object command, String... arguments) throws Exception {
    CommandLine line = Main.commandLine(command);
    IExecutionExceptionHandler documented = line.getExecutionExceptionHandler();
    AtomicReference<Exception> thrown = new AtomicReference<>();
    StringWriter err = new StringWriter();
    int code =
        line.setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err))
            .setExecutionExceptionHandler(
                (e, failed, parsed) -> {
                  thrown.set(e);
                  return documented.handleExecutionException(e, failed, parsed);
                })
            .execute(arguments);
    Exception unhandled = thrown.get();
    if (unhandled != null
        && !(unhandled instanceof BadInputException)
        && !(unhandled instanceof TableArenaFullException)) {
      throw unhandled;
    }
    return checked(code, err.toString());
  }

  /** The exit code, if what was said goes with it: one line, for people. */
  private static String checked(int code, String said) {
    assertTrue(code >= 0 && code <= 2, () -> "exit code " + code + ": " + said);
    if (code == 2) {
      assertEquals(1, said.lines().count(), said);
      assertFalse(NOT_FOR_PEOPLE.matcher(said).find(), said);
    }
    return code == 0 ? "sound" : code == 1 ? "failed" : "refused";
  }
}
