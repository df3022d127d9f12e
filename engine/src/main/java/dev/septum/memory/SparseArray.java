package dev.septum.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Elements by index, of which few are there: a radix tree of 256 places a node, as high as its
 * length asks for. Nodes are made when an element below them is, by CAS, and stay.
 *
 * <p>Every method is wait-free; reading allocates nothing.
 */
final class SparseArray<T> {
  private static final int BITS = 8;
  private static final int PLACES = 1 << BITS;
  private static final VarHandle NODES = MethodHandles.arrayElementVarHandle(Object[].class);

  private final long length;
  private final int rootShift;
  private final @Nullable Object[] root;

  /** An array of {@code length} elements, at least 1, all absent. */
  SparseArray(long length) {
    this.length = length;
    int shift = 0;
    while (length - 1 >>> shift >= PLACES) {
      shift += BITS;
    }
    this.rootShift = shift;
    this.root = new Object[place(length - 1, shift) + 1];
  }

  /**
   * An element, or null if it is absent.
   *
   * @throws IndexOutOfBoundsException if the index is
   */
  @Nullable T getAcquire(long index) {
    Objects.checkIndex(index, length);
    @Nullable Object[] node = root;
    for (int shift = rootShift; shift > 0; shift -= BITS) {
      node = (@Nullable Object[]) NODES.getAcquire(node, place(index, shift));
      if (node == null) {
        return null;
      }
    }
    return element(NODES.getAcquire(node, place(index, 0)));
  }

  /** An element; if it is absent, first puts one there, by CAS. */
  T getOrAdd(long index, Supplier<T> maker) {
    Object element = getOrAdd(lastNode(index), place(index, 0), maker);
    return Objects.requireNonNull(element(element));
  }

  /** Puts an element in its place, or takes it away. */
  void setRelease(long index, @Nullable T element) {
    NODES.setRelease(lastNode(index), place(index, 0), element);
  }

  private @Nullable Object[] lastNode(long index) {
    Objects.checkIndex(index, length);
    @Nullable Object[] node = root;
    for (int shift = rootShift; shift > 0; shift -= BITS) {
      node = (@Nullable Object[]) getOrAdd(node, place(index, shift), () -> new Object[PLACES]);
    }
    return node;
  }

  private static Object getOrAdd(@Nullable Object[] node, int place, Supplier<?> maker) {
    Object there = NODES.getAcquire(node, place);
    if (there != null) {
      return there;
    }
    Object made = maker.get();
    Object witness = NODES.compareAndExchange(node, place, null, made);
    return witness == null ? made : witness;
  }

  private static int place(long index, int shift) {
    return (int) (index >>> shift) & (PLACES - 1);
  }

  @SuppressWarnings("unchecked") // the last nodes hold what was put there as a T
  private @Nullable T element(@Nullable Object element) {
    return (T) element;
  }
}
