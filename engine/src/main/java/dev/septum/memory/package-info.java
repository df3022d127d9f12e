/**
 * Floor 5: guest memory: slots, their backing, how large a mapping may be. Imports {@code mmu} and
 * below.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code MemorySlots.slots}</td><td>volatile</td><td>volatile, copied</td><td>the monitor of
 *   {@code MemorySlots}; a removal stands inside an invalidation</td><td>a fault that looked up an
 *   old snapshot finds the invalidation sequence changed</td></tr>
 * <tr><td>{@code MemorySlots.nextPfn}</td><td>plain</td><td>plain</td><td>the same monitor</td>
 *   <td>-</td></tr>
 * <tr><td>{@code SlotLimits.forbidden}</td><td>plain, under the MMU lock</td><td>plain, under the
 *   exclusive MMU lock</td><td>the MMU lock</td><td>-</td></tr>
 * <tr><td>{@code FrameTags.regions}, {@code clock}</td><td>volatile</td><td>volatile</td><td>the
 *   monitor of {@code FrameTags}</td><td>the clock advances after the unmapping and before the flush: a
 *   walk that begins later finds the frame unmapped, an earlier one's translation is flushed</td></tr>
 * <tr><td>{@code FrameTags}: tags of blocks and frames</td><td>acquire</td><td>release</td><td>the same
 *   monitor</td><td>a use of a translation that should have been flushed</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.memory;

import org.jspecify.annotations.NullMarked;
