package dev.septum.mutants;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles mutants, each into a directory of its own, against the classes of the product. */
final class MutantCompiler {
  private final Path root;
  private final Path out;
  private final String classPath;

  /**
   * A compiler.
   *
   * @param root of the repository
   * @param out where the mutants' directories are made
   * @param classPath has the product
   */
  MutantCompiler(Path root, Path out, String classPath) {
    this.root = root;
    this.out = out;
    this.classPath = classPath;
  }

  /** Where a mutant's classes are, and what its checks print. */
  Path directory(Mutant mutant) {
    return out.resolve(mutant.name());
  }

  /** Where a mutant's classes are. */
  Path classes(Mutant mutant) {
    return directory(mutant).resolve("classes");
  }

  /**
   * Compiles a mutant.
   *
   * @throws StaleMutantException if it does not fit its source any more, or does not compile
   */
  void compile(Mutant mutant) throws IOException {
    Path source = root.resolve(mutant.file());
    if (!Files.isRegularFile(source)) {
      throw new StaleMutantException(mutant.name() + ": there is no " + mutant.file());
    }
    String text = mutant.applyTo(Files.readString(source));
    clear(directory(mutant));
    Path classes = Files.createDirectories(classes(mutant));
    Files.writeString(directory(mutant).resolve(source.getFileName()), text);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IllegalStateException("a JDK is needed, to compile mutants");
    }
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(found, Locale.ROOT, StandardCharsets.UTF_8)) {
      List<String> options =
          List.of(
              "-d",
              classes.toString(),
              "-cp",
              classPath,
              "-proc:none",
              "-implicit:none",
              "-nowarn");
      boolean done =
          compiler
              .getTask(null, files, found, options, null, List.of(new Source(source, text)))
              .call();
      if (!done) {
        throw new StaleMutantException(
            mutant.name()
                + " does not compile: "
                + found.getDiagnostics().stream()
                    .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
                    .map(each -> each.getLineNumber() + ": " + each.getMessage(Locale.ROOT))
                    .collect(Collectors.joining("; ")));
      }
    }
  }

  private static void clear(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  /** A source file whose text is not that of the disk. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(Path path, String text) {
      super(URI.create("mutant:///" + path.getFileName()), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
