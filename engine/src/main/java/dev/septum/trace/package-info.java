/**
 * Floor 3: counters, and JFR events. Imports nothing of the other rooms.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code MmuCounters.Stripe.values}</td><td>plain by its thread, opaque by others</td>
 *   <td>opaque</td><td>its thread</td><td>nothing: a sum is exact once the threads have been
 *   synchronized with by other means</td></tr>
 * <tr><td>{@code MmuCounters.stripes}, {@code closed}</td><td>plain</td><td>plain</td><td>the
 *   monitor of {@code MmuCounters}</td><td>-</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.trace;

import org.jspecify.annotations.NullMarked;
