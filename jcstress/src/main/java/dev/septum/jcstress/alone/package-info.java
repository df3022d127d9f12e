/**
 * What the lock forbids. Each test has one operation that holds the lock alone, and against it, in
 * turn, each operation on the same tree that holds the lock at all. The lock is a watched one: it
 * notes a hold that begins while another is in that it should have waited for.
 */
@org.jspecify.annotations.NullMarked
package dev.septum.jcstress.alone;
