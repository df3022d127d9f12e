package dev.septum.lincheck;

import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * What the host of {@link TwoPrivatePages} and its guest are told, as {@link
 * TrustDomainSpecification} begins.
 *
 * <p>Its policy is IGNORE, and there is no ACCEPT that the host has to map or split for: that is
 * two steps, the host's and then the module's, and others may see the first alone. For such see
 * {@link GuestOperations}.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class TrustDomainOperations {
  final TwoPrivatePages td = new TwoPrivatePages(AcceptPolicy.IGNORE);

  /** A TD whose guest has accepted the first page, and touched the second. */
  public TrustDomainOperations() {}

  /** TDG.MEM.PAGE.ACCEPT of the second page. */
  @Operation
  public String accept(@Param(name = "thread") int thread) {
    return words(td.accept(thread, TwoPrivatePages.SECOND, PageLevel.LEVEL_4K));
  }

  /** TDG.MEM.PAGE.ACCEPT of 2M. */
  @Operation
  public String acceptLarge(@Param(name = "thread") int thread) {
    return words(td.accept(thread, TwoPrivatePages.FIRST, PageLevel.LEVEL_2M));
  }

  private static String words(long status) {
    if (status == SeamcallStatus.SUCCESS) {
      return TrustDomainSpecification.SUCCESS;
    }
    if (SeamcallStatus.detail(status) == SeamcallStatus.PAGE_SIZE_MISMATCH) {
      return TrustDomainSpecification.TOO_LARGE;
    }
    return SeamcallStatus.detail(status) == SeamcallStatus.PAGE_ALREADY_ACCEPTED
        ? TrustDomainSpecification.refused(SeamcallStatus.operand(status) + 1)
        : "status " + SeamcallStatus.describe(status);
  }

  /** A write of the second page by the guest. */
  @Operation
  public boolean touch(@Param(name = "thread") int thread) {
    return td.touch(thread, TwoPrivatePages.SECOND);
  }

  /** The host splits the block, with faults kept out. */
  @Operation
  public int demote(@Param(name = "thread") int thread) {
    return td.demote(thread);
  }

  /** The host makes one leaf of the block, if it may. */
  @Operation
  public int promote(@Param(name = "thread") int thread) {
    return td.promote();
  }

  /** What the pages are mapped by, when nothing runs. */
  public String look(int thread, int block) {
    if (block != 0) {
      return "";
    }
    int level = td.level(thread);
    return level > 0
        ? TrustDomainSpecification.block(
            level,
            td.touch(thread, TwoPrivatePages.FIRST),
            td.touch(thread, TwoPrivatePages.SECOND))
        : "no leaf";
  }

  /** When all is done. */
  @Validate
  public void audit() {
    td.audit();
  }
}
