/**
 * Floor 4: the TDP MMU. Imports {@code sync}, {@code paging}, {@code trace}.
 *
 * <p>{@link dev.septum.mmu.TdpMmu} has the operations; {@code EntryProtocol} is the one file in
 * which entries of a live tree change, with the essay on how; the rest is what each operation does
 * above it. What the MMU wants from its embedder it declares here: {@link
 * dev.septum.mmu.TlbFlusher}, {@link dev.septum.mmu.MappingLimits}, {@link
 * dev.septum.mmu.ExternalPageTable}.
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>entries of a tree (in {@code paging.TableArena})</td><td>acquire; plain
 *   where a merge looks at a whole table ({@code differencesPlain}), before its CAS and behind its
 *   fence</td><td>by {@code
 *   EntryProtocol} and {@code HardwareWalk} alone; CAS, exchange; release under the exclusive lock, or
 *   plain ({@code clearLeavesPlain}, {@code isClearPlain}, {@code isFullOfLeavesPlain}); plain in a
 *   table that is marked dead ({@code freezePlain}), or in a mirror's that was merged under the
 *   exclusive lock</td><td>see the essay in {@code EntryProtocol}; a FROZEN entry of a mirror is its
 *   writer's alone, who publishes or restores it by release</td><td>a walk's acquire reads</td></tr>
 * <tr><td>the mark of a dead table (its state in {@code paging.TableArena})</td><td>volatile, behind
 *   a CAS in the table ({@code isDeadVolatile})</td><td>opaque, then a full fence ({@code
 *   markDeadThenFence}), by who unlinked it</td><td>a read section: the table is not used again</td>
 *   <td>the CAS in the table and the merge's second look: one of the two sees the other</td></tr>
 * <tr><td>{@code Invalidation.sequence}</td><td>acquire before a page lookup; plain under the lock
 *   </td><td>release, under the exclusive lock</td><td>the MMU lock</td><td>what an invalidation
 *   changed before it ended is seen by who reads the new sequence</td></tr>
 * <tr><td>{@code Invalidation.inProgress}, {@code start}, {@code end}</td><td>plain</td>
 *   <td>plain, under the exclusive lock</td><td>the MMU lock</td><td>-</td></tr>
 * <tr><td>{@code MachineHealth.evidence}</td><td>volatile</td><td>CAS from null</td><td>none</td>
 *   <td>-</td></tr>
 * <tr><td>{@code MachineHealth.closed}, and {@code unusable} behind it and behind {@code evidence}
 *   </td><td>volatile</td><td>volatile; {@code closed}, and {@code unusable} then, under the exclusive
 *   lock</td><td>the MMU lock for {@code closed}</td><td>the check that each operation makes once it
 *   holds the lock</td></tr>
 * <tr><td>{@code Walker}, {@code ChangeBatch}, {@code RangeHold}: all other fields</td><td>plain</td>
 *   <td>plain</td><td>its thread</td><td>-; the section and the counters have their rows in {@code sync} and {@code
 *   trace}</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.mmu;

import org.jspecify.annotations.NullMarked;
