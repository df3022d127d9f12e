/**
 * The endurance run: everything at once in one machine, for as long as wanted. {@link
 * dev.septum.simulator.soak.Soak} runs the threads of a machine and brings them to a quiet point
 * every few seconds, where everything that must hold is looked at; what depends on the kind of
 * machine is in {@code NormalSoak} and {@code TrustDomainSoak}. What each thread does is decided by
 * its {@code Choices}, from the seed alone.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code OperationLog.counts}</td><td>opaque</td><td>opaque</td><td>its thread</td>
 *   <td>nothing: progress; exact at a quiet point</td></tr>
 * <tr><td>{@code OperationLog}: its ring; {@code SoakThread}s: all other fields</td><td>plain</td>
 *   <td>plain</td><td>its thread; at a quiet point, the auditor</td><td>the lock of {@code
 *   QuietPoint}, or the join. A thread that hangs is looked at without: its ring may not fit
 *   together</td></tr>
 * <tr><td>{@code Soak.isInterrupted}</td><td>volatile</td><td>volatile</td><td>-</td><td>-</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.simulator.soak;

import org.jspecify.annotations.NullMarked;
