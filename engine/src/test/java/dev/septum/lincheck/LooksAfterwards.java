package dev.septum.lincheck;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.CTestStructure;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.execution.RandomExecutionGenerator;
import org.jetbrains.lincheck.datastructures.CTestConfiguration;
import org.jetbrains.lincheck.datastructures.RandomProvider;

/** Random scenarios that end with a look at every block: an A or D that was lost shows there. */
public final class LooksAfterwards extends RandomExecutionGenerator {
  private final List<Actor> looks;

  /** By reflection. */
  public LooksAfterwards(
      CTestConfiguration configuration, CTestStructure structure, RandomProvider random) {
    super(configuration, structure, random);
    looks = looks(configuration.getTestClass());
  }

  /** Every block, by {@code look(thread, block)} of the operations that are checked. */
  static List<Actor> looks(Class<?> operations) {
    Method look;
    try {
      look = operations.getMethod("look", int.class, int.class);
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(e);
    }
    List<Actor> looks = new ArrayList<>();
    for (int block = 0; block < TreeSpecification.BLOCKS; block++) {
      looks.add(new Actor(look, List.of(0, block)));
    }
    return looks;
  }

  @Override
  public ExecutionScenario nextExecution() {
    ExecutionScenario random = super.nextExecution();
    return new ExecutionScenario(
        random.getInitExecution(),
        random.getParallelExecution(),
        looks,
        random.getValidationFunction());
  }
}
