/**
 * The race matrix: which operations there are on each tree, which lock each of them holds, and so
 * which pairs may overlap. Every test says by {@link dev.septum.jcstress.matrix.Race} which pair it
 * is the test of.
 */
@org.jspecify.annotations.NullMarked
package dev.septum.jcstress.matrix;
