/**
 * Floor 3: the TDX module, usable by itself. Knows nothing of the MMU, as in life.
 *
 * <p>{@link dev.septum.tdx.TdxModule} has the doors; {@link dev.septum.tdx.SeptEntry} has every bit
 * of an entry, {@link dev.septum.tdx.SeamcallStatus} every status. The check order of each leaf
 * function is the text of its method. {@link dev.septum.tdx.ModuleState} puts a state in place, for
 * records of the real module and for tests; it obeys none of the rules below.
 *
 * <p>How the shared fields are read and written:
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>entries of an S-EPT table</td><td>acquire</td><td>volatile, or an atomic exclusive-or that
 *   keeps TDHP, with which the last write of a call also clears TDEL; TDEL and TDHP by atomic or,
 *   and</td><td>TDEL; PAGE.ADD: the TDR alone</td><td>a guest's walk; RANGE.BLOCK's read of the epoch
 *   behind its write</td></tr>
 * <tr><td>entries of a table that no entry names yet</td><td>-</td><td>plain</td><td>the lock of the
 *   page's descriptor</td><td>the write of the entry that names it</td></tr>
 * <tr><td>entries of a table that PROMOTE looks at (from 1.5.28 on)</td><td>plain</td><td>-</td><td>the
 *   tree lock, exclusively, and TLB tracking</td><td>the tree lock of who wrote one; the count of the
 *   vCPU that has left</td></tr>
 * <tr><td>{@code Pamt}: type and owner</td><td>acquire</td><td>release</td><td>the descriptor's
 *   lock, exclusively</td><td>the lock of the next who takes the page</td></tr>
 * <tr><td>the same, and BEPOCH, of all parts of a page that is divided or merged</td><td>as above</td>
 *   <td>plain</td><td>the larger descriptor's lock, exclusively: who walks to a part passes it, shared,
 *   and no entry that can be reached names a part</td><td>the write of the entry that names the table,
 *   or the page; that lock</td></tr>
 * <tr><td>{@code Pamt}: type, to RSVD and back</td><td>acquire</td><td>CAS from NDA, release back to
 *   it</td><td>to RSVD: the lock of the descriptor at which a walk to the page ends, shared; back:
 *   the lock of the 2M descriptor whose pair it was</td><td>as above</td></tr>
 * <tr><td>{@code Pamt}: BEPOCH</td><td>volatile</td><td>volatile; plain, to 0, of a page that is given
 *   to a TD</td><td>TDEL of the entry that names the page; for 0, the descriptor's lock,
 *   exclusively</td><td>{@code TdEpochs.epoch}; for 0, the write of the entry</td></tr>
 * <tr><td>{@code Pamt.used}</td><td>volatile</td><td>getAndAdd</td><td>none</td><td>nothing;
 *   a count</td></tr>
 * <tr><td>{@code Pamt}: pairs</td><td>plain</td><td>plain</td><td>the 2M descriptor's lock</td>
 *   <td>that lock</td></tr>
 * <tr><td>{@code Pamt}: blocks of descriptors, tables</td><td>acquire</td><td>CAS, once</td>
 *   <td>none</td><td>whoever finds them</td></tr>
 * <tr><td>lock words ({@code TryLocks})</td><td>volatile</td><td>getAndAdd, CAS, atomic or and and
 *   </td><td>none</td><td>each other; all are full fences</td></tr>
 * <tr><td>{@code TdEpochs.epoch}</td><td>volatile</td><td>volatile</td><td>the epoch lock,
 *   exclusively</td><td>entering, which reads it under the lock, shared</td></tr>
 * <tr><td>{@code TdEpochs}: counts</td><td>volatile</td><td>getAndAdd</td><td>none</td><td>TRACK,
 *   and whoever asks whether a block is tracked</td></tr>
 * <tr><td>{@code TrustDomain}: lifecycle, opState, and other flags</td><td>volatile</td>
 *   <td>volatile</td><td>the TDR alone; CACHE.WB's by none, the guest's own by the guest</td><td>the
 *   TDR's lock</td></tr>
 * <tr><td>{@code TrustDomain.childCount}</td><td>volatile</td><td>getAndAdd</td><td>none</td>
 *   <td>nothing; a count</td></tr>
 * <tr><td>{@code TrustDomain.vcpus}, {@code TdxModule.tds}</td><td>volatile</td><td>volatile,
 *   copied</td><td>a monitor</td><td>whoever looks one up</td></tr>
 * <tr><td>{@code TdVcpu.inside}</td><td>volatile</td><td>CAS to come in, volatile to go out</td>
 *   <td>none</td><td>two threads that would enter one vCPU</td></tr>
 * <tr><td>{@code TdVcpu.epoch}</td><td>volatile</td><td>volatile</td><td>the thread that runs the
 *   vCPU</td><td>audits</td></tr>
 * <tr><td>{@code TdVcpu.associated}</td><td>volatile</td><td>volatile</td><td>the TDVPR's lock: shared
 *   by VP.ENTER, alone by VP.FLUSH</td><td>that lock</td></tr>
 * <tr><td>{@code TdVcpu}: all other fields</td><td>plain</td><td>plain</td><td>the thread that runs
 *   the vCPU</td><td>-</td></tr>
 * <tr><td>{@code TdxModule.evidence}</td><td>volatile</td><td>volatile</td><td>a monitor</td><td>the
 *   next call</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.tdx;

import org.jspecify.annotations.NullMarked;
