package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VirtualMachine;

/**
 * The ACCEPTs of single pages that a TD's firmware and early kernel make where 2M would be
 * possible, as they were counted when a Linux TD booted (4 GB, 8 vCPUs, all on the first of them):
 * some 2,710 of them; 512 in one block, 506 in another, and the rest in a region that is converted
 * again and again, one of whose gfns is accepted 974 times.
 *
 * <p>Assumed, because not published: the region is two pages of one block, and the second page is
 * accepted for the first time late, so often that the sum is right. Linux counted more exclusive
 * acquisitions than such ACCEPTs, so its count has other causes too.
 */
public final class BootPattern {
  private static final int ALL = 2_710;
  private static final int ONE_BLOCK = 512;
  private static final int OTHER_BLOCK = 506;
  private static final int CONVERTED = 974;
  private static final int SECOND_PAGE = ALL - ONE_BLOCK - OTHER_BLOCK - CONVERTED;

  private static final long MEMORY = 4L << 30;
  private static final long BLOCK_PAGES = Geometry.FOUR_LEVEL.pages(PageLevel.PG_2M);
  private static final GfnRange REGION = GfnRange.ofPages(2 * BLOCK_PAGES, 2);

  /** Exclusive acquisitions that Linux counted in such a boot, without the precheck. */
  public static final int LINUX_WITHOUT = 17_626;

  /** The same with it. */
  public static final int LINUX_WITH = 11;

  private final TrustDomainHost host;
  private final TrustDomainVcpu vcpu;
  private long accepts;

  private BootPattern(VirtualMachine vm) {
    host = vm.trustDomain();
    host.convertToPrivate(GfnRange.ofBytes(0, MEMORY));
    vcpu = (TrustDomainVcpu) vm.newVcpu();
    host.finalizeBuild();
  }

  /**
   * What such a boot came to.
   *
   * @param accepts ACCEPTs of single pages
   * @param exits exits for them: each is mapped once
   * @param exclusiveAcquisitions of the MMU's lock, for these exits
   * @param inhibits blocks of 2M in which larger mappings were inhibited
   * @param violations what the audit has found
   */
  public record Result(
      long accepts, long exits, long exclusiveAcquisitions, long inhibits, int violations) {}

  /**
   * Boots once.
   *
   * @param precheck whether the inhibit mark is looked at before the lock is taken
   */
  public static Result run(boolean precheck) {
    TrustDomainOptions options = TrustDomainOptions.DEFAULT.withInhibitPrecheck(precheck);
    try (VirtualMachine vm = VirtualMachine.builder().trustDomain(options).build()) {
      vm.addSlot(GfnRange.ofBytes(0, MEMORY), PageLevel.LEVEL_2M);
      BootPattern boot = new BootPattern(vm);
      boot.acceptPages(0, ONE_BLOCK);
      boot.acceptPages(BLOCK_PAGES, OTHER_BLOCK);
      boot.convertAgainAndAgain();
      return new Result(
          boot.accepts,
          boot.host.seamcalls().successes(TdxLeaf.MEM_PAGE_AUG),
          boot.host.acceptSplits(),
          boot.host.inhibits(),
          vm.audit().size());
    }
  }

  private void acceptPages(long first, int pages) {
    for (long gfn = first; gfn < first + pages; gfn++) {
      accept(gfn);
    }
  }

  private void convertAgainAndAgain() {
    for (int round = 0; round < CONVERTED; round++) {
      accept(REGION.start());
      if (round < SECOND_PAGE) {
        accept(REGION.start() + 1);
      }
      host.convertToShared(REGION);
      host.convertToPrivate(REGION);
    }
  }

  private void accept(long gfn) {
    long status = vcpu.accept(gfn << Geometry.PAGE_SHIFT, PageLevel.LEVEL_4K);
    if (status != SeamcallStatus.SUCCESS) {
      throw new IllegalStateException(
          String.format("ACCEPT of gfn 0x%x: %s", gfn, SeamcallStatus.describe(status)));
    }
    accepts++;
  }
}
