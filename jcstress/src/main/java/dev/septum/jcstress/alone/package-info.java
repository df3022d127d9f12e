/**
 * What the lock forbids. Each test has one operation that holds the lock alone, and against it, in
 * turn, each operation on the same tree that holds the lock at all. The lock is a watched one: it
 * notes a hold that begins while another is in that it should have waited for; and in every other
 * round who has it first stays in until the other has come to it.
 *
 * <p>Two operations that hold the lock several times inside the slots' monitor wait for that, and
 * never for the lock. There the lock notes holds that come in turns.
 */
@org.jspecify.annotations.NullMarked
package dev.septum.jcstress.alone;
