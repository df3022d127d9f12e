package dev.septum.jmh.bench;

import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * What a command says on the standard error.
 *
 * @param spec the command
 */
record ErrorLine(CommandSpec spec) {
  /** Says something of the program's own. */
  void say(String what) {
    show("septum: " + what);
  }

  /** Shows a line of another's. */
  void show(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  /** What to throw for an option's value. */
  ParameterException invalid(String option, String expected, String found) {
    return new ParameterException(
        spec.commandLine(),
        String.format(
            "Invalid value for option '%s': expected %s, found '%s'", option, expected, found));
  }
}
