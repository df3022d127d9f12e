package dev.septum.simulator.tree;

import dev.septum.paging.GfnRange;
import dev.septum.paging.TableArenaFullException;
import dev.septum.simulator.BadInputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a scenario, and tells of each operation. */
public final class ScenarioRun {
  /**
   * What an operation came to.
   *
   * @param line its number; 0 for the print at the end
   * @param text the operation
   * @param result in words
   * @param counts what happened meanwhile, and how often
   * @param view the trees; null if it is no print
   */
  public record Outcome(
      int line, String text, String result, Map<String, Long> counts, @Nullable TreeView view) {}

  /**
   * What all came to.
   *
   * @param outcomes of each operation, in order
   * @param evidence why a machine does no more work; null if every one does
   */
  public record Result(List<Outcome> outcomes, @Nullable String evidence) {}

  private static final Scenario.Step AT_END =
      new Scenario.Step(0, "print", machine -> machine.print(null));

  private ScenarioRun() {}

  /**
   * Runs a scenario. What the machine refuses is a result like any other.
   *
   * @param range of the prints that name none; null for everything mapped
   * @param limit the most rows of a print
   * @param told is told each outcome at once
   * @throws BadInputException if a line wants memory, or a vCPU, that there is not
   */
  public static Result run(
      Scenario scenario, @Nullable GfnRange range, int limit, Consumer<Outcome> told)
      throws BadInputException {
    List<Outcome> outcomes = new ArrayList<>();
    String evidence = null;
    boolean hasPrinted = false;
    try (ScenarioMachine machine = new ScenarioMachine(range, limit)) {
      for (Scenario.Step step : scenario.steps()) {
        Outcome outcome = run(scenario, step, machine);
        outcomes.add(outcome);
        told.accept(outcome);
        hasPrinted |= outcome.view() != null;
        evidence = evidence == null ? machine.evidence() : evidence;
      }
      if (!hasPrinted) {
        Outcome last = run(scenario, AT_END, machine);
        outcomes.add(last);
        told.accept(last);
      }
    }
    return new Result(outcomes, evidence);
  }

  private static Outcome run(Scenario scenario, Scenario.Step step, ScenarioMachine machine)
      throws BadInputException {
    Map<String, Long> before = machine.counts();
    String result;
    try {
      result = step.action().apply(machine);
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          scenario.name() + ":" + step.line() + ": '" + step.text() + "': " + e.getMessage());
    } catch (IllegalStateException | TableArenaFullException e) {
      result = "refused: " + e.getMessage();
    }
    Map<String, Long> counts = new LinkedHashMap<>();
    machine
        .counts()
        .forEach(
            (what, count) -> {
              long more = count - before.getOrDefault(what, 0L);
              if (more > 0) {
                counts.put(what, more);
              }
            });
    return new Outcome(step.line(), step.text(), result, counts, machine.takeView());
  }
}
