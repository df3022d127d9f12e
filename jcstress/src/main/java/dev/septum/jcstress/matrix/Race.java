package dev.septum.jcstress.matrix;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Which pair of operations a jcstress test lets meet. A test of several (one thread does first this
 * and then that) says each.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(Races.class)
public @interface Race {
  /** Where they meet. */
  Tree tree();

  /** The one; the order does not matter. */
  Operation first();

  /** The other. */
  Operation second();

  /**
   * Why no result can tell that the two overlapped, where that is so: two that only read, say. Else
   * the test lists what only an overlap gives as ACCEPTABLE_INTERESTING.
   */
  String unseen() default "";
}
