/**
 * Floor 1: the lock, and grace periods; and the padding of what one thread writes ({@link
 * dev.septum.sync.PaddedHead}). Imports no other room.
 *
 * <p>How the shared fields are read and written:
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code BiasedMmuLock.bias}</td><td>acquire; opaque by {@code
 *   isHeldExclusive}</td><td>opaque and a full fence to revoke, opaque once alone; release to give it
 *   back</td><td>the {@code StampedMmuLock} below it, held alone</td><td>to revoke:
 *   the full fence on opening a section that shares; to give back: the acquire load behind it</td></tr>
 * <tr><td>{@code StampedMmuLock.waiters}, {@code exclusiveWaiters}</td><td>volatile</td>
 *   <td>getAndAdd</td><td>none</td><td>a holder's look before it goes on or yields</td></tr>
 * <tr><td>{@code StampedMmuLock.yieldGeneration}</td><td>volatile</td><td>getAndAdd by the one who
 *   yields</td><td>the lock it still holds</td><td>a waiter's read on arrival and when let in</td>
 *   </tr>
 * <tr><td>{@code StampedMmuLock.servedGeneration}</td><td>volatile</td><td>CAS, only upwards</td>
 *   <td>none</td><td>the wait of the one who yields</td></tr>
 * <tr><td>{@code StampedMmuLock.exclusiveHolds}</td><td>opaque; plain by its writer</td><td>opaque
 *   </td><td>the lock, held alone</td><td>nothing; a count</td></tr>
 * <tr><td>{@code ReadSection.announced}</td><td>plain by its owner, acquire by reclaimers and by who
 *   wants the lock alone</td>
 *   <td>release and a full fence on open, and release again if the epoch has advanced; release on
 *   quiesce and close; CAS when unregistered</td><td>its owner</td>
 *   <td>open: the full fence in {@code hasElapsed} and in {@code BiasedMmuLock.lockExclusive};
 *   close and quiesce: the acquire loads there, so that a reader's last loads are over before a table is
 *   used again, and what a shared holder did is seen by the exclusive one</td></tr>
 * <tr><td>{@code ReadSection.covered}</td><td>plain</td><td>plain</td><td>its owner</td><td>nobody:
 *   it is announced before the full fence of open, and compared with the epoch behind it</td></tr>
 * <tr><td>{@code GracePeriods.epoch}</td><td>acquire</td><td>getAndAdd</td><td>none</td><td>the
 *   advance follows the unlinking; a reader that sees it sees the unlinking</td></tr>
 * <tr><td>{@code GracePeriods.sections}</td><td>volatile</td><td>volatile, copied</td><td>the
 *   monitor of {@code GracePeriods}</td><td>a reclaimer's scan, and an exclusive holder's</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.sync;

import org.jspecify.annotations.NullMarked;
