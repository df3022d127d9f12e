package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/** One run of the command: its exit code and what it printed. */
record ConformRun(int exitCode, String out, String err) {

  static ConformRun of(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    int exitCode =
        new CommandLine(new ConformCommand())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(texts);
    return new ConformRun(exitCode, out.toString(), err.toString());
  }

  static JsonNode json(Path file) throws IOException {
    return Records.MAPPER.readTree(Files.readString(file));
  }
}
