package dev.septum.jcstress.matrix;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What callers and vCPUs do to the entries of a tree. Not here are what they do to tables in which
 * nothing is mapped (a trim) and to what mappings are made from (slots added or moved, limits).
 */
public enum Operation {
  /** A fault that maps, or that finds mapped, one page of 4K. */
  FAULT_4K(direct(Hold.SHARED), mirror(Hold.SHARED)),
  /** A fault that maps, or that finds mapped, a block by one large leaf. */
  FAULT_2M(direct(Hold.SHARED), mirror(Hold.SHARED)),
  /** A walk by hardware, or by the embedder, that sets no bit; in a trust domain, a load. */
  TRANSLATE(direct(Hold.NONE), mirror(Hold.NONE)),
  /** A read by hardware that sets A. */
  ACCESS_A(direct(Hold.NONE)),
  /** A write by hardware that sets D. */
  ACCESS_D(direct(Hold.NONE)),
  /** A guest's store to private memory, which has no A and D. */
  STORE(mirror(Hold.NONE)),
  /** A guest's ACCEPT of 4K. */
  ACCEPT_4K(mirror(Hold.NONE)),
  /** A guest's ACCEPT of 2M. */
  ACCEPT_2M(mirror(Hold.NONE)),
  /** A split with others; in a trust domain, a non-blocking demote by a fault. */
  SPLIT_SHARED(direct(Hold.SHARED), mirror(Hold.SHARED)),
  /** A split alone; in a trust domain, a demote: BLOCK, TRACK, kick, DEMOTE. */
  SPLIT_EXCLUSIVE(direct(Hold.EXCLUSIVE), mirror(Hold.EXCLUSIVE)),
  /** A merge of a full table. */
  MERGE(direct(Hold.SHARED)),
  /** A merge in a trust domain: BLOCK, TRACK, kick, PROMOTE. */
  PROMOTE(mirror(Hold.EXCLUSIVE)),
  /** A zap of leaves. */
  ZAP(direct(Hold.EXCLUSIVE), mirror(Hold.EXCLUSIVE_UNDER_SLOTS)),
  /** A conversion between private and shared. */
  CONVERSION(mirror(Hold.EXCLUSIVE_UNDER_SLOTS)),
  /** A hole punched into guest memory. */
  HOLE_PUNCH(mirror(Hold.EXCLUSIVE_UNDER_SLOTS)),
  /** A memory slot deleted. */
  SLOT_DELETE(direct(Hold.EXCLUSIVE_UNDER_SLOTS), mirror(Hold.EXCLUSIVE_UNDER_SLOTS)),
  /** A range mapped before anybody touches it. */
  PREFAULT(direct(Hold.SHARED), mirror(Hold.SHARED)),
  /** A grace period that ends, and the table used again, by an operation that shares the lock. */
  TABLE_REUSE(direct(Hold.SHARED), mirror(Hold.SHARED)),
  /** A shared hold. */
  SHARED_HOLD(lock(Hold.SHARED)),
  /** An exclusive hold. */
  EXCLUSIVE_HOLD(lock(Hold.EXCLUSIVE)),
  /** An exclusive hold that yields. */
  YIELDING_HOLD(lock(Hold.EXCLUSIVE));

  private final Map<Tree, Hold> holds = new EnumMap<>(Tree.class);

  @SafeVarargs
  Operation(Map.Entry<Tree, Hold>... holds) {
    Arrays.stream(holds).forEach(hold -> this.holds.put(hold.getKey(), hold.getValue()));
  }

  private static Map.Entry<Tree, Hold> direct(Hold hold) {
    return Map.entry(Tree.DIRECT, hold);
  }

  private static Map.Entry<Tree, Hold> mirror(Hold hold) {
    return Map.entry(Tree.MIRROR, hold);
  }

  private static Map.Entry<Tree, Hold> lock(Hold hold) {
    return Map.entry(Tree.LOCK, hold);
  }

  /** Whether there is such an operation on a tree. */
  public boolean isOn(Tree tree) {
    return holds.containsKey(tree);
  }

  /**
   * How it holds the lock on a tree.
   *
   * @throws IllegalArgumentException if there is no such operation there
   */
  public Hold on(Tree tree) {
    Hold hold = holds.get(tree);
    if (hold == null) {
      throw new IllegalArgumentException(this + " is not an operation on " + tree);
    }
    return hold;
  }

  /** All that are on a tree, in order. */
  public static List<Operation> all(Tree tree) {
    return Arrays.stream(values()).filter(operation -> operation.isOn(tree)).toList();
  }
}
