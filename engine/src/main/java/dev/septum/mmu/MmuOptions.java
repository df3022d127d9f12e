package dev.septum.mmu;

/**
 * Where Septum's ways and KVM's differ.
 *
 * @param presetDirty a writable leaf is dirty when it is made; else D is left for the first write,
 *     so that dirty counts are exact
 * @param collapseUnasked a fault at a larger level, and a merge by range, replace a table without
 *     asking what is in it: a fault by a fresh leaf, a merge by the bits of the first leaf below,
 *     and a flush of the whole range; else both want a full, uniform table, keep its A and D, and
 *     flush what was replaced
 * @param flushAllOnZap a zap flushes everything; else only what it removed
 * @param exchangeOnMerge a merge exchanges each entry of the table that it has unlinked for FROZEN;
 *     else it marks a table of 4K leaves as dead, once for all (those that are not full, which only
 *     {@code collapseUnasked} merges, and those of larger leaves are exchanged all the same)
 */
public record MmuOptions(
    boolean presetDirty, boolean collapseUnasked, boolean flushAllOnZap, boolean exchangeOnMerge) {
  /** Septum's own ways. */
  public static final MmuOptions SEPTUM = new MmuOptions(false, false, false, false);

  /** KVM's ways, as recorded of Linux 7.3. */
  public static final MmuOptions KVM = new MmuOptions(true, true, true, true);
}
