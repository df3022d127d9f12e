/**
 * Floor 7: what an embedder meets first: the machine, its vCPUs, their exits. Imports every room
 * below.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code GuestMode.word}</td><td>acquire by who flushes</td><td>release and a full fence on
 *   entry; release when served and on leaving</td><td>its vCPU</td><td>entry: the volatile write of
 *   {@code TlbShootdown.request}; served and left: the wait of who flushes</td></tr>
 * <tr><td>{@code GuestMode.served}</td><td>plain</td><td>plain</td><td>its vCPU</td><td>-</td></tr>
 * <tr><td>{@code TlbShootdown.request}</td><td>acquire by vCPUs</td><td>volatile</td><td>the monitor
 *   of {@code TlbShootdown}</td><td>a vCPU that reads the number sees the range</td></tr>
 * <tr><td>{@code TlbShootdown.starts}, {@code counts}</td><td>opaque; the number is read again
 *   behind an acquire fence</td><td>opaque, before the number</td><td>the same monitor</td><td>the
 *   same</td></tr>
 * <tr><td>{@code TlbShootdown.guests}</td><td>volatile</td><td>volatile, copied</td><td>the same
 *   monitor</td><td>-</td></tr>
 * <tr><td>{@code VcpuGate.closed}</td><td>volatile, by a vCPU behind the full fence of its entry</td>
 *   <td>volatile, and a full fence to close it</td><td>the exclusive MMU lock</td><td>the
 *   vCPUs' guest modes</td></tr>
 * <tr><td>{@code GuestAnomalies}: counts</td><td colspan="2">atomic adders; exact when no vCPU runs
 *   </td><td>none</td><td>-</td></tr>
 * <tr><td>{@code TrustDomainHost}: its counts</td><td colspan="2">atomic adders</td><td>none</td>
 *   <td>-</td></tr>
 * <tr><td>{@code VirtualMachine.vcpus}</td><td>plain</td><td>plain</td><td>its own monitor</td>
 *   <td>-</td></tr>
 * <tr><td>{@code VirtualMachine.walkers}</td><td colspan="2">a queue of many producers and consumers
 *   </td><td>none</td><td>a walker's fields pass from thread to thread through it</td></tr>
 * <tr><td>{@code Vcpu.closed}</td><td>volatile</td><td>volatile</td><td>the vCPU's monitor</td>
 *   <td>-</td></tr>
 * <tr><td>{@code Vcpu}, {@code SoftwareTlb}: all other fields</td><td>plain</td><td>plain</td><td>the
 *   thread that runs the vCPU</td><td>-</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.vm;

import org.jspecify.annotations.NullMarked;
