/**
 * Floor 5: guest memory: slots, their backing and its content, which gfns are private, how large a
 * mapping may be. Imports {@code mmu} and below.
 *
 * <p>Of a trust domain's memory: {@link dev.septum.memory.MemoryAttributes} says which gfns are
 * private, {@link dev.septum.memory.GuestMemfd} which frames are there and in pages of which size,
 * {@link dev.septum.memory.FrameContent} what is in them. The slot of a normal VM has none of it.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code MemorySlots.slots}</td><td>volatile</td><td>volatile, copied</td><td>the monitor of
 *   {@code MemorySlots}; a removal stands inside an invalidation</td><td>a fault that looked up an
 *   old snapshot finds the invalidation sequence changed</td></tr>
 * <tr><td>{@code MemorySlots.nextPfn}</td><td>plain</td><td>plain</td><td>the same monitor</td>
 *   <td>-</td></tr>
 * <tr><td>{@code SlotLimits.words}: counts</td><td>acquire, under the MMU lock</td><td>release, under
 *   the exclusive MMU lock</td><td>the MMU lock</td><td>-</td></tr>
 * <tr><td>{@code SlotLimits.words}: inhibits</td><td>acquire, under the MMU lock or without</td>
 *   <td>release, under the exclusive MMU lock, after the split and before a merge</td><td>the MMU lock
 *   </td><td>who reads "inhibited" without the lock sees the tree as the split left it</td></tr>
 * <tr><td>{@code MemoryAttributes}: its {@code GfnSet}</td><td>acquire, under the MMU lock or without
 *   </td><td>release, under the exclusive MMU lock, inside an invalidation</td><td>the MMU lock</td>
 *   <td>a fault that saw the old attribute asks again under the lock</td></tr>
 * <tr><td>{@code GuestMemfd}: the {@code GfnSet} of what is allocated</td><td>acquire, with or without
 *   any lock</td><td>release</td><td>the monitor of {@code GuestMemfd}; a punch stands inside an
 *   invalidation</td><td>a fault that saw the page finds the invalidation, or its sequence changed
 *   </td></tr>
 * <tr><td>{@code GuestMemfd}: the {@code GfnSet}s of its orders</td><td>acquire; under the MMU lock where
 *   it decides a level</td><td>release</td><td>the same monitor; a split stands inside an
 *   invalidation</td><td>likewise; a merge only allows more</td></tr>
 * <tr><td>{@code GfnSet}: regions, blocks, words</td><td>acquire</td><td>release; filled before they are
 *   published</td><td>its owner's</td><td>a read of the part above</td></tr>
 * <tr><td>{@code GfnSet.Region.members}</td><td>plain</td><td>plain</td><td>its owner's; readers without
 *   it do not look</td><td>-</td></tr>
 * <tr><td>{@code FrameContent}: stamps</td><td>acquire</td><td>release; of a range, plain behind a
 *   release fence</td><td>none</td><td>a read that
 *   sees the stamp</td></tr>
 * <tr><td>{@code SparseArray}: nodes and elements</td><td>acquire</td><td>CAS from null; elements
 *   release as well</td><td>none for what is added; else its owner's</td><td>a read that finds them
 *   </td></tr>
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
