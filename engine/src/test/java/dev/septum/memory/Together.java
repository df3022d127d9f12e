package dev.septum.memory;

import dev.septum.Crew;
import java.util.concurrent.CyclicBarrier;

/** Two threads that begin together. */
final class Together {
  private Together() {}

  /** Runs both tasks, and waits for them. */
  static void run(Crew.Task one, Crew.Task other) {
    CyclicBarrier start = new CyclicBarrier(2);
    Crew crew = new Crew();
    for (Crew.Task task : new Crew.Task[] {one, other}) {
      crew.start(
          () -> {
            start.await();
            task.run();
          });
    }
    crew.join();
  }
}
