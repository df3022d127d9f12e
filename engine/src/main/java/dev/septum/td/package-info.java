/**
 * Floor 6: the host's side of a trust domain, the part that talks to the TDX module. Imports {@code
 * memory}, {@code mmu}, {@code paging}, {@code sync}, {@code tdx}.
 *
 * <p>{@link dev.septum.td.Conversion} ends private memory, and {@link dev.septum.td.AcceptPolicy}
 * says what a fault does with a mapping that is too large. {@link dev.septum.td.TdLifecycle} makes
 * a TD and tears it down, {@link dev.septum.td.TdBuild} gives it the pages that it begins with,
 * {@link dev.septum.td.MirrorDriver} turns every change of a mirror entry into leaf functions,
 * {@link dev.septum.td.Promotion} makes large mappings of small ones, by request, and {@link
 * dev.septum.td.PromotionScanner} by and by; {@link dev.septum.td.MirrorAudit} compares the mirror
 * with the Secure EPT. What the room wants from its embedder it declares here: {@link
 * dev.septum.td.VcpuKicker}, and how a page is looked up ({@link
 * dev.septum.td.TdBuild.PageLookup}).
 *
 * <table>
 * <caption>Shared state of this room</caption>
 * <tr><th>field</th><th>read</th><th>written</th><th>guard</th><th>pairs with</th></tr>
 * <tr><td>{@code MirrorDriver.callers}: registers, source page</td><td>plain</td><td>plain</td>
 *   <td>its thread</td><td>-; what a change reads and writes is the module's, see {@code tdx}</td></tr>
 * <tr><td>{@code TrustDomain.opState}, read to choose a leaf function</td><td>volatile</td><td>by
 *   MR.FINALIZE, under the exclusive MMU lock</td><td>the MMU lock: a change holds it</td><td>-</td></tr>
 * <tr><td>{@code SeamcallCounts}</td><td>sum of a {@code LongAdder}</td><td>the same</td><td>none</td>
 *   <td>nothing; counts</td></tr>
 * <tr><td>{@code TdBuild.missing}</td><td>plain</td><td>plain</td><td>the build's monitor, which is
 *   taken before the MMU lock</td><td>-</td></tr>
 * <tr><td>{@code PromotionScanner.counts}, an immutable record</td><td>volatile</td><td>volatile, at
 *   the end of a step</td><td>the scanner's monitor</td><td>-</td></tr>
 * <tr><td>{@code PromotionScanner}: all other fields</td><td>plain</td><td>plain</td><td>the scanner's
 *   monitor, which is taken before the MMU lock</td><td>-</td></tr>
 * <tr><td>{@code TdLifecycle}: all fields</td><td>plain</td><td>plain</td><td>one thread at a time
 *   </td><td>-</td></tr>
 * </table>
 */
@NullMarked
package dev.septum.td;

import org.jspecify.annotations.NullMarked;
