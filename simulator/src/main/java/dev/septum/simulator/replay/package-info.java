/**
 * The run: a machine, a thread for each vCPU, and host threads that change mappings under them.
 * {@link dev.septum.simulator.replay.Replay#run} takes a plan and returns a result; what depends on
 * the kind of machine is in {@code NormalMachine} and {@code TrustDomainMachine}.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code RunState.stopped}</td><td>volatile</td><td>volatile</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code RunState.failure}</td><td>volatile</td><td>volatile CAS: the first stays</td>
 *   <td>-</td><td>-</td></tr>
 * <tr><td>{@code VcpuThread.done}</td><td>opaque</td><td>opaque</td><td>its thread</td><td>nothing:
 *   progress; exact once the thread is joined</td></tr>
 * <tr><td>{@code HostThread.ended}</td><td>volatile</td><td>volatile</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code HostThread}s, {@code GuestThread}: their other counts</td><td>plain</td><td>plain</td>
 *   <td>its thread</td><td>the join</td></tr>
 * <tr><td>{@code Pace.made}</td><td colspan="2">atomic</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code Pace.limit}</td><td>volatile</td><td>volatile</td><td>the one host thread that is
 *   waited for</td><td>-</td></tr>
 * <tr><td>{@code ModuleFaults.armed}</td><td>volatile</td><td>volatile</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code ModuleFaults.struck}</td><td colspan="2">atomic adders</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code FlushLoss.decisions}, {@code lost}</td><td colspan="2">atomic</td><td>-</td>
 *   <td>-</td></tr>
 * <tr><td>traces and their logs</td><td>plain</td><td>not any more</td><td>-</td><td>the start of the
 *   threads</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.simulator.replay;

import org.jspecify.annotations.NullMarked;
