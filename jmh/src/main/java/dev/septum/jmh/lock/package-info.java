/**
 * The MMU lock against those that were not taken: what each costs a fault, an exclusive holder and
 * those who wait.
 *
 * <p>{@link dev.septum.jmh.lock.LockKind} has them all; {@link dev.septum.jmh.lock.LockPaths} and
 * {@link dev.septum.jmh.lock.FaultLockPaths} measure means by JMH, {@link
 * dev.septum.jmh.lock.LockWaits} the distribution of waits, {@link
 * dev.septum.jmh.lock.SharedLinePaths} what a line costs that two threads write.
 */
@NullMarked
package dev.septum.jmh.lock;

import org.jspecify.annotations.NullMarked;
