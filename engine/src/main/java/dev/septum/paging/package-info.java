/**
 * Floor 2: levels, entries, tables, ranges. Imports {@code sync} only.
 *
 * <p>{@link dev.septum.paging.Spte} is the packed entry, and the one place where its bits are
 * tested; {@link dev.septum.paging.TableArena} holds tables by number; {@link
 * dev.septum.paging.TablePool} and {@link dev.septum.paging.TableCache} give them out and take them
 * back; {@link dev.septum.paging.EntryPlace} walks to one gfn, and remembers tables; {@link
 * dev.septum.paging.RangeCursor} walks over a range; {@link dev.septum.paging.EntryRun} is the
 * entries of a contiguous range.
 *
 * <p>How the shared fields are read and written:
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code TableArena.entries[][]}: an entry</td><td>acquire</td><td>CAS or exchange
 *   (volatile); release under the exclusive lock</td><td>read section, and the protocols of {@code
 *   mmu}</td><td>whoever reads a table's number from an entry sees the table as it was filled
 *   </td></tr>
 * <tr><td>the same, of a whole table that is merged</td><td>plain ({@code
 *   differencesPlain}, {@code freezePlain})</td><td>plain, once it is marked dead ({@code
 *   freezePlain})</td><td>the shared lock; of a mirror's, the exclusive one</td><td>the essay in {@code mmu.EntryProtocol}</td></tr>
 * <tr><td>the same, of a table not linked yet</td><td>plain</td><td>plain</td><td>the thread that
 *   took the table</td><td>the CAS that links it</td></tr>
 * <tr><td>{@code TableArena.entries[]}: a chunk</td><td>plain</td><td>plain</td><td>written under
 *   the arena's monitor before any of its tables is given out</td><td>the acquire read of the entry
 *   that names a table in it</td></tr>
 * <tr><td>{@code TableArena.descriptors[][]}</td><td>plain</td><td>plain</td><td>the table's owner:
 *   who took it, who unlinked it, or the pool</td><td>the CAS that links the table; batches pass
 *   through the pool's queue and monitor</td></tr>
 * <tr><td>the same, whether the state is DEAD</td><td>volatile</td><td>opaque, then a full fence;
 *   undone when the table is free again, after its grace period</td><td>the table's owner</td><td>a CAS
 *   in the table, behind which it is read</td></tr>
 * <tr><td>{@code TableArena.carved} and its neighbours</td><td>plain</td><td>plain</td><td>the
 *   arena's monitor</td><td>-</td></tr>
 * <tr><td>{@code TablePool.live}, {@code peak}, {@code waiting}</td><td>volatile</td><td>getAndAdd,
 *   CAS upwards</td><td>none</td><td>nothing: counts</td></tr>
 * <tr><td>{@code TablePool.retired}</td><td>poll under the pool's monitor</td><td>offer by any
 *   thread</td><td>a queue of many producers</td><td>a batch's content and stamp</td></tr>
 * <tr><td>{@code TablePool.free}, {@code freeCount}, {@code overflow}, {@code emptied}, {@code caches}</td>
 *   <td>plain</td><td>plain</td><td>the pool's monitor</td><td>-</td></tr>
 * <tr><td>{@code TablePool.mostKept}</td><td>volatile</td><td>volatile</td><td>the pool's
 *   monitor</td><td>nothing: a hint how many tables to keep</td></tr>
 * <tr><td>{@code TableCache}, {@code EntryPlace}: all fields</td><td>plain</td><td>plain</td><td>their
 *   thread</td><td>nobody; {@code TablePool.waiting} looks at the caches' dead tables, and is exact only
 *   when nothing runs; the chunks that an {@code EntryPlace} refers to are {@code TableArena.entries}
 *   </td></tr>
 * </table>
 */
@NullMarked
package dev.septum.paging;

import org.jspecify.annotations.NullMarked;
