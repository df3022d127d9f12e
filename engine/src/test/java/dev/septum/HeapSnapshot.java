package dev.septum;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import org.openjdk.jol.vm.VM;
import org.openjdk.jol.vm.VirtualMachine;

/**
 * The value of every field and element that can be reached from some objects, so that two of them
 * tell what was written in between.
 *
 * <p>Not seen are a store that leaves the value as it was, and whatever lies in objects of the JDK,
 * which are not looked into, but for arrays: an {@code AtomicLong}, a {@code LongAdder} or a {@code
 * StampedLock} may be written unnoticed, and so may what only they lead to.
 */
public final class HeapSnapshot {
  /**
   * Something that was written.
   *
   * @param name class and field; for an element, those of the field that leads to the array
   * @param before bytes of the same object in front of it, the header included
   * @param behind bytes of the same object behind it
   */
  public record Written(String name, long before, long behind) {
    /** Whether whatever lies beside the object is so many bytes away. */
    public boolean isApart(long bytes) {
      return before >= bytes && behind >= bytes;
    }
  }

  private record Copy(String name, Object values) {}

  private final IdentityHashMap<Object, Copy> copies = new IdentityHashMap<>();

  /** Takes one. */
  public HeapSnapshot(Object... roots) {
    Deque<Object> unseen = new ArrayDeque<>();
    for (Object root : roots) {
      reach(root, root.getClass().getSimpleName(), unseen);
    }
    while (!unseen.isEmpty()) {
      follow(unseen.remove(), unseen);
    }
  }

  /** What has another value in a later one. */
  public List<Written> writtenUntil(HeapSnapshot later) {
    List<Written> written = new ArrayList<>();
    copies.forEach(
        (object, copy) -> {
          Copy now = Objects.requireNonNull(later.copies.get(object), copy.name);
          List<Field> fields = object.getClass().isArray() ? List.of() : fieldsOf(object);
          for (int i = 0; i < Array.getLength(copy.values); i++) {
            if (!Objects.equals(Array.get(copy.values, i), Array.get(now.values, i))) {
              written.add(
                  fields.isEmpty() ? element(copy.name, object, i) : field(object, fields.get(i)));
            }
          }
        });
    return written;
  }

  private static Written element(String name, Object array, int index) {
    VirtualMachine vm = VM.current();
    String type = array.getClass().getComponentType().getName();
    long size = vm.arrayIndexScale(type);
    return written(name, array, vm.arrayBaseOffset(type) + index * size, size);
  }

  private static Written field(Object object, Field field) {
    VirtualMachine vm = VM.current();
    long size = vm.sizeOfField(field.getType().getName());
    return written(nameOf(field), object, vm.fieldOffset(field), size);
  }

  private static Written written(String name, Object object, long offset, long size) {
    return new Written(name, offset, VM.current().sizeOf(object) - offset - size);
  }

  private void reach(Object object, String name, Deque<Object> unseen) {
    if (object != null && isOurs(object.getClass()) && !copies.containsKey(object)) {
      copies.put(object, new Copy(name, valuesOf(object)));
      unseen.add(object);
    }
  }

  private void follow(Object object, Deque<Object> unseen) {
    Copy copy = copies.get(object);
    if (copy.values instanceof Object[] values) {
      List<Field> fields = object.getClass().isArray() ? List.of() : fieldsOf(object);
      for (int i = 0; i < values.length; i++) {
        reach(values[i], fields.isEmpty() ? copy.name : nameOf(fields.get(i)), unseen);
      }
    }
  }

  private static boolean isOurs(Class<?> type) {
    return type.isArray()
        ? type.getComponentType().isPrimitive() || isOurs(type.getComponentType())
        : type.getName().startsWith("dev.septum.") || type.getName().startsWith("org.jctools.");
  }

  private static String nameOf(Field field) {
    return field.getDeclaringClass().getSimpleName() + "." + field.getName();
  }

  private static Object valuesOf(Object object) {
    try {
      if (object.getClass().isArray()) {
        int length = Array.getLength(object);
        Object copy = Array.newInstance(object.getClass().getComponentType(), length);
        System.arraycopy(object, 0, copy, 0, length);
        return copy;
      }
      List<Field> fields = fieldsOf(object);
      Object[] values = new Object[fields.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = fields.get(i).get(object);
      }
      return values;
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Field> fieldsOf(Object object) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> at = object.getClass(); isOurs(at); at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          field.setAccessible(true);
          fields.add(field);
        }
      }
    }
    return fields;
  }
}
