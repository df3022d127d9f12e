package dev.septum.lincheck;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;

/**
 * What a search is to look at whatever the random ones are: writes by hardware to a block that is
 * merged or split meanwhile, where a D is easily lost, and seldom by chance.
 */
final class ChosenScenarios {
  /** Who begins; Lincheck counts those that run at once from 1. */
  private static final int FIRST_THREAD = 0;

  private static final int BLOCK = 0;
  private static final int GFN = 0;

  private final Class<?> operations;

  private ChosenScenarios(Class<?> operations) {
    this.operations = operations;
  }

  /** Those for so many threads; none for operations that neither merge nor split. */
  static List<ExecutionScenario> of(Class<?> operations, int threads) {
    if (!TreeOperations.class.isAssignableFrom(operations)) {
      return List.of();
    }
    ChosenScenarios chosen = new ChosenScenarios(operations);
    return threads == 2 ? chosen.ofTwo() : chosen.ofThree();
  }

  private List<ExecutionScenario> ofTwo() {
    return List.of(
        scenario(List.of(), List.of(List.of(merge(1)), List.of(write(2)))),
        scenario(List.of(), List.of(List.of(merge(1), split(1)), List.of(write(2)))),
        scenario(
            List.of(merge(FIRST_THREAD)),
            List.of(List.of(write(1), split(1)), List.of(translate(2)))),
        scenario(List.of(), List.of(List.of(faultLarge(1)), List.of(write(2)))));
  }

  private List<ExecutionScenario> ofThree() {
    return List.of(
        scenario(
            List.of(merge(FIRST_THREAD)),
            List.of(List.of(split(1)), List.of(split(2)), List.of(write(3)))),
        scenario(List.of(), List.of(List.of(merge(1)), List.of(split(2)), List.of(write(3)))));
  }

  /** Lincheck adds the audit. */
  private ExecutionScenario scenario(List<Actor> before, List<List<Actor>> atOnce) {
    return new ExecutionScenario(before, atOnce, LooksAfterwards.looks(operations), null);
  }

  private Actor merge(int thread) {
    return actor("merge", thread, BLOCK);
  }

  private Actor split(int thread) {
    return actor("split", thread, BLOCK);
  }

  private Actor faultLarge(int thread) {
    return actor("faultLarge", thread, GFN);
  }

  private Actor translate(int thread) {
    return actor("translate", thread, GFN);
  }

  private Actor write(int thread) {
    return actor("access", thread, GFN, true);
  }

  private Actor actor(String name, Object... arguments) {
    List<Method> named = new ArrayList<>();
    for (Method method : operations.getMethods()) {
      if (method.getName().equals(name)) {
        named.add(method);
      }
    }
    if (named.size() != 1) {
      throw new IllegalArgumentException(operations + " has not one " + name);
    }
    return new Actor(named.get(0), List.of(arguments));
  }
}
