package dev.septum.lincheck;

import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * What the guest of {@link TwoPrivatePages} is told, whatever the host maps, splits, promotes and
 * zaps for it; as {@link GuestSpecification} begins.
 *
 * <p>Its policy is EXCLUSIVE, or SHARED: an ACCEPT makes the host map the page, split what is
 * larger, and inhibit it, or split it as a fault does. Its steps are the host's own, and others may
 * see them one by one: so the host is not asked how many leaves it has changed.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "gfn", gen = IntGen.class, conf = "0:1")
public class GuestOperations {
  final TwoPrivatePages td;

  /** A TD whose guest has accepted the first page, and touched the second. */
  public GuestOperations() {
    this(AcceptPolicy.EXCLUSIVE);
  }

  private GuestOperations(AcceptPolicy policy) {
    td = new TwoPrivatePages(policy);
  }

  /** The same where an ACCEPT splits beside faults. */
  public static final class Shared extends GuestOperations {
    /** As the other begins. */
    public Shared() {
      super(AcceptPolicy.SHARED);
    }
  }

  /** TDG.MEM.PAGE.ACCEPT of 4K; whether the page was not accepted yet. */
  @Operation
  public boolean accept(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    long status = td.accept(thread, gfn, PageLevel.LEVEL_4K);
    if (status != SeamcallStatus.SUCCESS
        && SeamcallStatus.detail(status) != SeamcallStatus.PAGE_ALREADY_ACCEPTED) {
      throw new IllegalStateException(SeamcallStatus.describe(status));
    }
    return status == SeamcallStatus.SUCCESS;
  }

  /** A write by the guest, which faults the page in if nothing is mapped. */
  @Operation
  public boolean touch(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return td.touch(thread, gfn);
  }

  /** The host splits the block, with faults kept out. */
  @Operation
  public void demote(@Param(name = "thread") int thread) {
    int unused = td.demote(thread);
  }

  /** The host makes one leaf of the block, if it may. */
  @Operation
  public void promote(@Param(name = "thread") int thread) {
    int unused = td.promote();
  }

  /** The host removes the block: what was accepted comes back unaccepted. */
  @Operation
  public void zap(@Param(name = "thread") int thread) {
    long unused = td.vm.zap(TwoPrivatePages.BLOCK);
  }

  /** What the guest may touch, when nothing runs. */
  public String look(int thread, int block) {
    return block == 0
        ? GuestSpecification.block(
            td.touch(thread, TwoPrivatePages.FIRST), td.touch(thread, TwoPrivatePages.SECOND))
        : "";
  }

  /** When all is done. */
  @Validate
  public void audit() {
    td.audit();
  }
}
