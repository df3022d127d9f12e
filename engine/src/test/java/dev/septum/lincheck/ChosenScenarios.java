package dev.septum.lincheck;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;

/**
 * What a search is to look at whatever the random ones are: two or three operations whose races are
 * known, in the fewest interleavings.
 *
 * <p>Of a tree: writes by hardware to a block that is merged or split meanwhile, where a D is
 * easily lost; faults where something is faulted in, zapped or given back. Of a trust domain:
 * ACCEPTs and accesses of pages that the host demotes, promotes or zaps.
 */
final class ChosenScenarios {
  /** Who begins; Lincheck counts those that run at once from 1. */
  private static final int FIRST_THREAD = 0;

  private final Class<?> operations;

  private ChosenScenarios(Class<?> operations) {
    this.operations = operations;
  }

  /** Those for so many threads; {@link LargeFaults} would be the same again. */
  static List<ExecutionScenario> of(Class<?> operations, int threads) {
    ChosenScenarios chosen = new ChosenScenarios(operations);
    if (SmallFaults.class.isAssignableFrom(operations)) {
      return threads == 2 ? chosen.ofTree() : chosen.ofTreeByThree();
    }
    if (TrustDomainOperations.class.isAssignableFrom(operations)) {
      return chosen.ofTrustDomain();
    }
    return GuestOperations.class.isAssignableFrom(operations) ? chosen.ofGuest() : List.of();
  }

  private List<ExecutionScenario> ofTree() {
    return List.of(
        scenario("", "merge 0", "access 0 true"),
        scenario("", "zap 0", "fault 2"),
        scenario("", "fault 2", "fault 2"),
        scenario("zap 0", "trim", "fault 0"),
        scenario("", "merge 0, split 0", "access 0 true"),
        scenario("merge 0", "access 0 true, split 0", "translate 0"),
        scenario("", "faultLarge 0", "access 0 true"));
  }

  private List<ExecutionScenario> ofTreeByThree() {
    return List.of(
        scenario("merge 0", "split 0", "split 0", "access 0 true"),
        scenario("", "merge 0", "split 0", "access 0 true"));
  }

  private List<ExecutionScenario> ofTrustDomain() {
    return List.of(
        scenario("", "accept", "accept"),
        scenario("accept", "promote", "promote"),
        scenario("", "accept", "promote"),
        scenario("accept", "promote", "touch, acceptLarge"),
        scenario("accept, promote", "demote", "touch, accept"),
        scenario("accept, promote", "demote, promote", "demote, touch"));
  }

  private List<ExecutionScenario> ofGuest() {
    return List.of(
        scenario("", "promote", "accept 1"),
        scenario("accept 1", "promote", "accept 0, accept 0"),
        scenario("", "zap", "accept 1, touch 0"),
        scenario("zap", "accept 0", "accept 1"),
        scenario("zap, touch 0", "accept 0", "accept 1"),
        scenario("accept 1, promote", "demote", "accept 0, touch 1"),
        scenario("zap", "accept 0, promote", "touch 0, accept 0"));
  }

  /**
   * A scenario; Lincheck adds the audit.
   *
   * @param before operations by their names and arguments, with commas between
   * @param atOnce those of each thread
   */
  private ExecutionScenario scenario(String before, String... atOnce) {
    List<List<Actor>> threads = new ArrayList<>();
    for (String one : atOnce) {
      threads.add(actors(FIRST_THREAD + 1 + threads.size(), one));
    }
    return new ExecutionScenario(
        actors(FIRST_THREAD, before), threads, LooksAfterwards.looks(operations), null);
  }

  private List<Actor> actors(int thread, String text) {
    List<Actor> actors = new ArrayList<>();
    for (String one : text.isEmpty() ? new String[0] : text.split(", ", -1)) {
      String[] words = one.split(" ", -1);
      Method method = method(words[0]);
      List<Object> arguments = new ArrayList<>(List.of(thread));
      for (int at = 1; at < words.length; at++) {
        boolean isFlag = method.getParameterTypes()[at] == boolean.class;
        arguments.add(isFlag ? Boolean.valueOf(words[at]) : Integer.valueOf(words[at]));
      }
      actors.add(new Actor(method, arguments));
    }
    return actors;
  }

  private Method method(String name) {
    List<Method> named = new ArrayList<>();
    for (Method method : operations.getMethods()) {
      if (method.getName().equals(name)) {
        named.add(method);
      }
    }
    if (named.size() != 1) {
      throw new IllegalArgumentException(operations + " has not one " + name);
    }
    return named.get(0);
  }
}
