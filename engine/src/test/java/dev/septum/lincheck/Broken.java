package dev.septum.lincheck;

import dev.septum.mmu.PlainMarks;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.NoLock;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Trees and a trust domain that are broken, for the check to find. */
final class Broken {
  private Broken() {}

  /** Its zap counts what is missing afterwards, whoever has mapped more meanwhile. */
  public static final class ZapCount extends SmallFaults {
    /** By reflection. */
    public ZapCount() {}

    @Override
    public int zap(int thread, int from) {
      int before = tree.leaves();
      int unused = tree.zap(thread, from(from));
      return before - tree.leaves();
    }
  }

  /** Its fault looks first, and takes it that what it found missing is its own to map. */
  public static final class CheckThenFault extends SmallFaults {
    /** By reflection. */
    public CheckThenFault() {}

    @Override
    public boolean fault(int thread, int gfn) {
      if (tree.translate(thread, gfn) == gfn) {
        return false;
      }
      Object unused = tree.fault(thread, gfn, Access.WRITE, PageLevel.PG_4K);
      return true;
    }
  }

  /** Its split leaves clean pages, whatever the large leaf was: wrong without a race already. */
  public static final class SplitCleans extends SmallFaults {
    /** By reflection. */
    public SplitCleans() {}

    @Operation
    @Override
    public int split(@Param(name = "thread") int thread, @Param(name = "block") int block) {
      int split = super.split(thread, block);
      if (split > 0) {
        tree.clean(thread, block);
      }
      return split;
    }
  }

  /** Its merge loses the D of a block's pages: wrong without a race already. */
  public static final class MergeCleans extends SmallFaults {
    /** By reflection. */
    public MergeCleans() {}

    @Operation
    @Override
    public int merge(@Param(name = "thread") int thread, @Param(name = "block") int block) {
      tree.clean(thread, block);
      return super.merge(thread, block);
    }
  }

  /** Its merge makes the leaf as dirty as the pages were before, whoever has written meanwhile. */
  public static final class MergeLosesLateWrites extends SmallFaults {
    /** By reflection. */
    public MergeLosesLateWrites() {}

    @Operation
    @Override
    public int merge(@Param(name = "thread") int thread, @Param(name = "block") int block) {
      String before = tree.look(thread, block);
      int merged = super.merge(thread, block);
      if (merged > 0 && !before.endsWith(TreeSpecification.IS_DIRTY)) {
        tree.clean(thread, block);
      }
      return merged;
    }
  }

  /** Its hardware sets A and D by a load and a store. */
  public static final class PlainAccess extends Accesses {
    /** By reflection. */
    public PlainAccess() {}

    @Override
    public boolean access(int thread, int gfn, boolean write) {
      return PlainMarks.access(tree.mmu, tree.walker(thread), gfn, TreeOperations.kind(write));
    }
  }

  /** Who needs the lock alone waits, and so does who comes then. */
  public static final class Waiting extends WithoutLock {
    /** By reflection. */
    public Waiting() {
      super(new BiasedMmuLock());
    }

    @Operation
    @Override
    public int zap(@Param(name = "thread") int thread, @Param(name = "block") int from) {
      return super.zap(thread, from);
    }
  }

  /** Its promotion takes it that what has become a large leaf meanwhile is its own work. */
  public static final class PromoteCount extends TrustDomainOperations {
    /** By reflection. */
    public PromoteCount() {}

    @Override
    public int promote(int thread) {
      int before = td.level(thread);
      int unused = super.promote(thread);
      return before == PageLevel.PG_4K && td.level(thread) == PageLevel.PG_2M ? 1 : 0;
    }
  }

  /** Its ACCEPT looks first, and takes it that what was pending is its own to accept. */
  public static final class CheckThenAccept extends TrustDomainOperations {
    /** By reflection. */
    public CheckThenAccept() {}

    @Override
    public String accept(int thread) {
      boolean pending = !touch(thread);
      String told = super.accept(thread);
      return pending ? TrustDomainSpecification.SUCCESS : told;
    }
  }

  /**
   * Its promotion takes what was pending before it for pending still, and removes it: an ACCEPT
   * that came meanwhile is lost.
   */
  public static final class AcceptLost extends GuestOperations {
    /** By reflection. */
    public AcceptLost() {}

    @Override
    public void promote(int thread) {
      boolean pending = !touch(thread, TwoPrivatePages.SECOND);
      super.promote(thread);
      if (pending) {
        super.zap(thread);
        boolean unused = super.accept(thread, TwoPrivatePages.FIRST);
      }
    }
  }

  /**
   * Its host asks about a page before it promotes, and gives up if a guest is at it: the module
   * refuses the page to every guest from then on, so their ACCEPTs never end.
   */
  public static final class GivesUpWhatIsBusy extends GuestOperations {
    /** By reflection. */
    public GivesUpWhatIsBusy() {}

    @Override
    public void promote(int thread) {
      if (td.isAtRest()) {
        super.promote(thread);
      }
    }
  }

  /** Its lock excludes nobody. */
  public static final class Unlocked extends SmallFaults {
    /** By reflection. */
    public Unlocked() {
      super(new NoLock());
    }
  }
}
