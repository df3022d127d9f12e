package dev.septum.tdx;

import dev.septum.paging.Geometry;

/**
 * Which module it is, and what memory it rules.
 *
 * @param geometry of every Secure EPT; the PAMT's sizes follow it
 * @param version which version's behaviour
 * @param firstPfn the first host frame that can be given to TDs (the start of the TDMRs), a
 *     multiple of a 1G page
 * @param pages how many frames follow; all of them lie in TDMRs
 * @param enhancedDemoteInterruptibility DEMOTE is not interrupted (TDX_FEATURES0 bit 51)
 * @param nonBlockingResize DEMOTE needs no block and no tracking; no public module has it
 * @param dynamicPamt 4K descriptors are added in pairs of pages (TDX_FEATURES0 bit 36)
 */
public record ModuleConfig(
    Geometry geometry,
    ModuleVersion version,
    long firstPfn,
    long pages,
    boolean enhancedDemoteInterruptibility,
    boolean nonBlockingResize,
    boolean dynamicPamt) {
  /** Address bits of host memory; the bits above, up to 51, are the key. */
  public static final int PHYSICAL_BITS = 46;

  private static final long MAX_PFN = 1L << (PHYSICAL_BITS - Geometry.PAGE_SHIFT);

  /**
   * Checks the memory.
   *
   * @throws IllegalArgumentException if it is empty, unaligned, or beyond {@link #PHYSICAL_BITS}
   */
  public ModuleConfig {
    if (firstPfn < 0 || pages < 1 || firstPfn + pages > MAX_PFN) {
      throw new IllegalArgumentException(
          String.format("host memory of 0x%x pages from pfn 0x%x does not exist", pages, firstPfn));
    }
    long block = geometry.pages(3);
    if (firstPfn % block != 0) {
      throw new IllegalArgumentException(
          String.format(
              "host memory must begin at a multiple of 0x%x pages, not at pfn 0x%x",
              block, firstPfn));
    }
  }

  /** Module 1.5.01, without options. */
  public static ModuleConfig v1501(Geometry geometry, long firstPfn, long pages) {
    return new ModuleConfig(geometry, ModuleVersion.V1_5_01, firstPfn, pages, false, false, false);
  }

  /** The newest that is modelled; DEMOTE is not interrupted. */
  public static ModuleConfig newest(Geometry geometry, long firstPfn, long pages) {
    return new ModuleConfig(geometry, ModuleVersion.V1_5_28, firstPfn, pages, true, false, false);
  }

  /** The same with or without non-blocking resize. */
  public ModuleConfig withNonBlockingResize(boolean on) {
    return new ModuleConfig(
        geometry, version, firstPfn, pages, enhancedDemoteInterruptibility, on, dynamicPamt);
  }

  /** The same with or without dynamic PAMT. */
  public ModuleConfig withDynamicPamt(boolean on) {
    return new ModuleConfig(
        geometry, version, firstPfn, pages, enhancedDemoteInterruptibility, nonBlockingResize, on);
  }

  /** The same, whether or not DEMOTE can be interrupted. */
  public ModuleConfig withEnhancedDemoteInterruptibility(boolean on) {
    return new ModuleConfig(geometry, version, firstPfn, pages, on, nonBlockingResize, dynamicPamt);
  }
}
