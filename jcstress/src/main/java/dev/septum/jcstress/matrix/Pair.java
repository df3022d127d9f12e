package dev.septum.jcstress.matrix;

import java.util.ArrayList;
import java.util.List;

/**
 * Two operations that meet in a tree, or twice the same.
 *
 * @param first the one that {@link Operation} has first
 * @param second the other
 */
record Pair(Tree tree, Operation first, Operation second) {
  Pair {
    if (first.ordinal() > second.ordinal()) {
      Operation later = first;
      first = second;
      second = later;
    }
  }

  static Pair of(Race race) {
    return new Pair(race.tree(), race.first(), race.second());
  }

  /** All of a tree. */
  static List<Pair> all(Tree tree) {
    List<Operation> operations = Operation.all(tree);
    List<Pair> pairs = new ArrayList<>();
    for (int one = 0; one < operations.size(); one++) {
      for (int other = one; other < operations.size(); other++) {
        pairs.add(new Pair(tree, operations.get(one), operations.get(other)));
      }
    }
    return pairs;
  }

  /** Whether both are operations on the tree. */
  boolean exists() {
    return first.isOn(tree) && second.isOn(tree);
  }

  /** Whether the two may be at work at once; else the lock forbids it. */
  boolean isRacing() {
    return first.on(tree).overlaps(second.on(tree));
  }

  /** Whether the slots' monitor keeps the two apart, before they want the lock. */
  boolean isKeptApartBySlots() {
    return first.on(tree).isKeptApartBySlots(second.on(tree));
  }

  @Override
  public String toString() {
    return tree + ": " + first + " x " + second;
  }
}
