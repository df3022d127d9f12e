package dev.septum.mutants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mutants.Mutant.Edit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MutantTextTest {
  private static final String TWO =
      """
      # two mutants

      mutant first
      says It is wrong,
        and goes on.
      file a/B.java
      catch junit dev.septum.B#c
      catch jcstress dev.septum.D
      hangs
      find
        one
        two
      with
      end
      find
      three
      with
      four
      end

      mutant second
      says It is weak.
      file a/B.java
      unobservable Nobody
        can see it.
      find
      x
      with
      y
      end
      """;

  @Test
  void aTextSaysWhatMutantsThereAre() {
    List<Mutant> mutants = MutantText.parse(TWO);
    assertEquals(2, mutants.size());
    Mutant first = mutants.get(0);
    assertEquals("first", first.name());
    assertEquals("It is wrong, and goes on.", first.says());
    assertEquals("a/B.java", first.file());
    assertEquals(List.of(new Edit("  one\n  two", ""), new Edit("three", "four")), first.edits());
    assertEquals(
        List.of(
            new Catcher(Layer.JUNIT, "dev.septum.B#c"),
            new Catcher(Layer.JCSTRESS, "dev.septum.D")),
        first.catchers());
    assertTrue(first.hangs());
    assertTrue(first.isObservable());
    Mutant second = mutants.get(1);
    assertFalse(second.isObservable());
    assertEquals("Nobody can see it.", second.unobservable());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "says nobody",
        "mutant m\nsays it.\nfile f\nfind\na\nwith\nb\nend",
        "mutant m\nsays it.\nfile f\ncatch junit a.B",
        "mutant m\nsays it.\nfile f\ncatch junit a.B\nunobservable why\nfind\na\nwith\nb\nend",
        "mutant m\nsays it.\nfile f\ncatch junit a.B\nfind\na\nwith\nb",
        "mutant m\nsays it.\nfile f\ncatch net a.B\nfind\na\nwith\nb\nend",
        "mutant m\nsays it.\nfile f\ncatch junit\nfind\na\nwith\nb\nend",
        "mutant m\nwhatever\n",
        "mutant m\nfile f\n  goes on\n"
      })
  void whatIsNoneIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> MutantText.parse(text));
  }

  /** A mutant that is added, and not run with the others, is missing there. */
  @Test
  void thePagesNameThemAll() throws IOException {
    List<Mutant> observable = MutantText.all().stream().filter(Mutant::isObservable).toList();
    String page = Files.readString(Path.of("../docs/mutants.md"));
    int all = observable.size();
    assertTrue(page.contains(String.format("%n%d mutants, %d caught.%n", all, all)), all + " now");
    for (Mutant mutant : observable) {
      assertTrue(page.contains("| `" + mutant.name() + "` |"), mutant.name());
    }
    String readme = Files.readString(Path.of("../README.md"));
    assertTrue(readme.contains("puts " + all + " small bugs"), all + " now");
  }

  @Test
  void anEditIsAppliedOnce() {
    Mutant mutant = MutantText.parse(TWO).get(0);
    assertEquals("<>\nfour", mutant.applyTo("<  one\n  two>\nthree"));
    assertThrows(StaleMutantException.class, () -> mutant.applyTo("three"));
    assertThrows(
        StaleMutantException.class, () -> mutant.applyTo("  one\n  two\n  one\n  two three"));
  }
}
