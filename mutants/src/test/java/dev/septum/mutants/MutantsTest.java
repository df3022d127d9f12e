package dev.septum.mutants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mutants.Hunt.Result;
import dev.septum.mutants.Hunt.Status;
import dev.septum.mutants.Mutant.Edit;
import dev.septum.simulator.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mutant fits the sources, and a hunt tells a mutant that is caught from one that is not. */
class MutantsTest {
  private static final Path ROOT = Path.of("..");
  private static final String LEVELS = "engine/src/main/java/dev/septum/paging/PageLevel.java";
  private static final String SPTES = "engine/src/main/java/dev/septum/paging/Spte.java";
  private static final Catcher LEVELS_TEST =
      new Catcher(Layer.JUNIT, "dev.septum.paging.PageLevelTest");
  private static final Catcher SPTES_TEST = new Catcher(Layer.JUNIT, "dev.septum.paging.SpteTest");
  private static final Edit FROZEN =
      new Edit("return entry == FROZEN;", "return (entry & FROZEN) == FROZEN;");

  @TempDir Path out;

  static List<Mutant> mutants() {
    return MutantText.all();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void everyMutantFitsItsSourceAndCompiles(Mutant mutant) throws IOException {
    compiler().compile(mutant);
    try (var files = Files.walk(compiler().classes(mutant))) {
      assertTrue(files.anyMatch(file -> file.toString().endsWith(".class")));
    }
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void everyCatcherIsThere(Mutant mutant) {
    for (Catcher catcher : mutant.catchers()) {
      String name = catcher.what().replaceFirst("#.*", "").replace('.', '/') + ".java";
      boolean isThere =
          switch (catcher.layer()) {
            case JUNIT ->
                Files.exists(ROOT.resolve(catcher.module()).resolve("src/test/java/" + name));
            case JCSTRESS -> Files.exists(ROOT.resolve("jcstress/src/main/java/" + name));
            case CONFORM -> true;
          };
      assertTrue(isThere, catcher.toString());
    }
  }

  @Test
  void thereAreManyAndEachHasItsName() {
    Set<String> names = new HashSet<>();
    for (Mutant mutant : mutants()) {
      assertTrue(names.add(mutant.name()), mutant.name());
      assertTrue(mutant.name().matches("[a-z0-9-]+"), mutant.name());
      assertTrue(mutant.says().endsWith("."), mutant.name());
    }
    long observable = mutants().stream().filter(Mutant::isObservable).count();
    assertTrue(observable >= 40, observable + " mutants");
  }

  @Test
  void aMutantThatBreaksWhatATestSaysIsCaught() throws Exception {
    Result result = hunt(mutant("frozen-by-mask", SPTES, FROZEN, SPTES_TEST));
    assertEquals(Status.CAUGHT, result.status(), result.detail());
    assertEquals(SPTES_TEST, result.caughtBy());
    assertTrue(result.detail().contains("frozenIsComparedExactly"), result.detail());
    assertEquals(ExitCode.OK, Mutants.exitCode(new MutantReport(List.of(result))));
  }

  @Test
  void aChangeOfACommentSurvives() throws Exception {
    Edit comment = new Edit("/** Exactly {@link #FROZEN}. */", "/** Another comment. */");
    Result result = hunt(mutant("comment", SPTES, comment, LEVELS_TEST, SPTES_TEST));
    assertEquals(Status.SURVIVED, result.status(), result.detail());
    assertEquals(ExitCode.FAILED, Mutants.exitCode(new MutantReport(List.of(result))));
  }

  @Test
  void itIsCaughtByTheFirstCheckThatFails() throws Exception {
    Result result = hunt(mutant("frozen-by-mask", SPTES, FROZEN, LEVELS_TEST, SPTES_TEST));
    assertEquals(SPTES_TEST, result.caughtBy(), result.detail());
  }

  @Test
  void aClassThatDoesNotLinkHasCaughtNothing() throws Exception {
    Edit renamed =
        new Edit("public static boolean isFrozen(", "public static boolean isFrozenExactly(");
    Result result = hunt(mutant("renamed", SPTES, renamed, SPTES_TEST));
    assertEquals(Status.BROKEN, result.status(), result.detail());
    assertTrue(result.detail().contains("NoSuchMethodError"), result.detail());
    assertEquals(ExitCode.USAGE, Mutants.exitCode(new MutantReport(List.of(result))));
  }

  @Test
  void aTestThatIsNotThereHasCaughtNothing() throws Exception {
    Catcher none = new Catcher(Layer.JUNIT, "dev.septum.paging.SpteTest#isNotThere");
    Result result = hunt(mutant("frozen-by-mask", SPTES, FROZEN, none));
    assertEquals(Status.BROKEN, result.status(), result.detail());
  }

  @Test
  void aCheckThatFailsWithoutAMutantIsNamed() throws Exception {
    Catcher none = new Catcher(Layer.JUNIT, "dev.septum.paging.SpteTest#isNotThere");
    Hunt hunt = newHunt();
    assertEquals(List.of(), hunt.baseline(List.of(mutant("any", SPTES, FROZEN, SPTES_TEST))));
    assertEquals(1, hunt.baseline(List.of(mutant("any", SPTES, FROZEN, none))).size());
  }

  @Test
  void aMutantThatDoesNotFitOrDoesNotCompileIsStale() {
    Mutant gone = mutant("gone", LEVELS, new Edit("is not there", ""), LEVELS_TEST);
    Mutant twice = mutant("twice", LEVELS, new Edit("return", "return"), LEVELS_TEST);
    Mutant wrong = mutant("wrong", LEVELS, new Edit("public enum PageLevel", "enum"), LEVELS_TEST);
    assertThrows(StaleMutantException.class, () -> compiler().compile(gone));
    assertThrows(StaleMutantException.class, () -> compiler().compile(twice));
    assertThrows(StaleMutantException.class, () -> compiler().compile(wrong));
  }

  private Result hunt(Mutant mutant) throws Exception {
    return newHunt().run(List.of(mutant), each -> {}).get(0);
  }

  private Hunt newHunt() {
    return new Hunt(compiler(), new Check(ROOT, Mutants.ownClassPath()), out, 1);
  }

  private MutantCompiler compiler() {
    return new MutantCompiler(ROOT, out, Mutants.ownClassPath());
  }

  private static Mutant mutant(String name, String file, Edit edit, Catcher... catchers) {
    return new Mutant(
        name, "Something is wrong.", file, List.of(edit), List.of(catchers), false, null);
  }
}
