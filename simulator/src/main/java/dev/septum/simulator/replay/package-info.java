/**
 * The run: a machine, a thread for each vCPU, and a host thread that changes mappings under them.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code RunState.stopped}</td><td>volatile</td><td>volatile</td><td>-</td><td>-</td></tr>
 * <tr><td>{@code RunState.failure}</td><td>volatile</td><td>volatile CAS: the first stays</td>
 *   <td>-</td><td>-</td></tr>
 * <tr><td>{@code VcpuThread.done}</td><td>opaque</td><td>opaque</td><td>its thread</td><td>nothing:
 *   progress; exact once the thread is joined</td></tr>
 * <tr><td>{@code Churn.done}</td><td>opaque</td><td>opaque</td><td>its thread</td><td>the same</td>
 *   </tr>
 * <tr><td>{@code FlushLoss.decisions}, {@code lost}</td><td colspan="2">atomic</td><td>-</td>
 *   <td>-</td></tr>
 * <tr><td>traces and their logs</td><td>plain</td><td>not any more</td><td>-</td><td>the start of the
 *   threads</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.simulator.replay;

import org.jspecify.annotations.NullMarked;
