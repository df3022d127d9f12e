package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README's examples, compiled and run. */
final class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @ParameterizedTest
  @ValueSource(strings = {"## Quick start", "## Trust domains"})
  void exampleCompilesAndPrintsWhatTheReadmeSays(String section, @TempDir Path directory)
      throws Exception {
    String readme = Files.readString(README);
    assertTrue(readme.contains(section), "the README has no " + section);
    readme = readme.substring(readme.indexOf(section));
    String example = block(readme, "java");
    assertTrue(example.lines().count() <= 10, "ten lines must be enough");
    compile(directory, example);
    assertEquals(block(readme, "text"), run(directory));
  }

  private static String block(String readme, String language) {
    Matcher matcher =
        Pattern.compile("```" + language + "\\R(.*?)```", Pattern.DOTALL).matcher(readme);
    assertTrue(matcher.find(), "the README has no block of " + language);
    return matcher.group(1);
  }

  private static void compile(Path directory, String example) throws IOException {
    Path source = directory.resolve("Example.java");
    Files.writeString(
        source,
        "import dev.septum.paging.*;\nimport dev.septum.vm.*;\n"
            + "public class Example {\n  public static void run() {\n"
            + example
            + "  }\n}\n");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                errors,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                directory.toString(),
                source.toString());
    assertEquals(0, status, () -> errors.toString(StandardCharsets.UTF_8));
  }

  private static String run(Path directory) throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      loader.loadClass("Example").getMethod("run").invoke(null);
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
