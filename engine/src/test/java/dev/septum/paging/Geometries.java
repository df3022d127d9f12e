package dev.septum.paging;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The geometries that tests run over. */
public final class Geometries {
  private Geometries() {}

  /** All there are: 2 to 5 levels of 1 to 9 bits. */
  public static Stream<Geometry> all() {
    return IntStream.rangeClosed(2, 5)
        .boxed()
        .flatMap(
            levels -> IntStream.rangeClosed(1, 9).mapToObj(bits -> new Geometry(levels, bits)));
  }

  /** Some that are small enough to fill a tree at random, of every height. */
  public static List<Geometry> small() {
    return List.of(
        new Geometry(2, 1),
        new Geometry(2, 4),
        new Geometry(3, 1),
        new Geometry(3, 2),
        new Geometry(4, 2),
        new Geometry(5, 1),
        new Geometry(5, 2));
  }
}
