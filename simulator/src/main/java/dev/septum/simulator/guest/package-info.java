/**
 * Guests of a trust domain: how each comes to its private memory, what it does besides its
 * accesses, and what it knows of its pages. {@link dev.septum.simulator.guest.StampedVcpu} checks
 * that no page loses what was written to it.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code PageBlock.taken}</td><td>acquire, by vCPUs</td><td>release, and a full fence before
 *   the host begins to take</td><td>the one host thread that takes the
 *   page</td><td>a vCPU that sees what the
 *   host has done sees the count that announced it</td></tr>
 * <tr><td>{@code PageBlock.held}</td><td colspan="2">CAS to hold; release to let go</td><td>-</td>
 *   <td>the next holder's CAS</td></tr>
 * <tr><td>{@code PageBlock.written}, {@code knownAt}</td><td>plain</td><td>plain</td><td>the hold of
 *   the page</td><td>-</td></tr>
 * <tr><td>{@code PageBlock.settledAt}</td><td>acquire</td><td>release</td><td>the block's monitor</td>
 *   <td>the look before a touch, without the monitor</td></tr>
 * <tr><td>{@code GuestMemory.blocks}</td><td>acquire</td><td>CAS from null</td><td>-</td>
 *   <td>a block is published whole</td></tr>
 * <tr><td>{@code GuestVcpu}, {@code StampedVcpu}: all other fields</td><td>plain</td><td>plain</td>
 *   <td>the thread that runs the vCPU</td><td>-; read by others once it has been joined</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.simulator.guest;

import org.jspecify.annotations.NullMarked;
