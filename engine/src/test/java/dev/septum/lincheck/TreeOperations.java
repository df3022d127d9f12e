package dev.septum.lincheck;

import dev.septum.mmu.FaultResult;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.MmuLock;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * What all checks of a direct root have in common; those that are not annotated here, not all have.
 *
 * <p>All are asked for what they did, and the order must explain every answer. What is not asked,
 * because no order of whole operations does:
 *
 * <ul>
 *   <li>What a walk says besides the frame, while others run. Through a table that it remembers it
 *       may see a table that a merge has replaced, until that merge returns: its level, its A and
 *       D, although its thread has seen the new leaf from the root. So a read fault at 4K may also
 *       find its page as it was, and leave the new leaf whole.
 *   <li>Which gfn of a block is dirty, at the end. What a merge finds late in the dead table it
 *       hands on to the whole block, even if that has been split since: so a block is looked at as
 *       one, and zapped as one.
 *   <li>Faults at 4K and at 2M of one empty block at once: a fault links its table before it puts
 *       its leaf there. And a page that is made writable: that is lost if a merge has begun.
 * </ul>
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "gfn", gen = IntGen.class, conf = "0:2")
@Param(name = "write", gen = BooleanGen.class)
@Param(name = "block", gen = IntGen.class, conf = "0:1")
public abstract class TreeOperations {
  final DirectRoot tree;

  TreeOperations(MmuLock lock) {
    tree = new DirectRoot(lock);
  }

  static Access kind(boolean write) {
    return write ? Access.WRITE : Access.READ;
  }

  private static GfnRange range(int block) {
    return GfnRange.ofPages((long) block * TreeSpecification.BLOCK, TreeSpecification.BLOCK);
  }

  /** A write fault at 4K. */
  public boolean fault(int thread, int gfn) {
    return tree.fault(thread, gfn, Access.WRITE, PageLevel.PG_4K) == FaultResult.FIXED;
  }

  static GfnRange from(int block) {
    return new GfnRange((long) block * TreeSpecification.BLOCK, TreeSpecification.GFNS);
  }

  /** A fault that may be mapped at 2M. */
  public boolean faultLarge(int thread, int gfn) {
    return tree.fault(thread, gfn, Access.READ, PageLevel.PG_2M) == FaultResult.FIXED;
  }

  /** A walk, for the frame. */
  @Operation
  public int translate(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return tree.translate(thread, gfn);
  }

  /** Walks of a block, when nothing runs. */
  public String look(int thread, int block) {
    return tree.look(thread, block);
  }

  /** A walk by hardware, which sets A and D. */
  @Operation
  public boolean access(
      @Param(name = "thread") int thread,
      @Param(name = "gfn") int gfn,
      @Param(name = "write") boolean write) {
    return tree.access(thread, gfn, kind(write));
  }

  /** A split under the shared lock. */
  @Operation
  public int split(@Param(name = "thread") int thread, @Param(name = "block") int block) {
    return tree.split(thread, range(block));
  }

  /** A merge. */
  @Operation
  public int merge(@Param(name = "thread") int thread, @Param(name = "block") int block) {
    return tree.merge(thread, range(block));
  }

  /** A zap of all from a block on. */
  public int zap(int thread, int from) {
    return tree.zap(thread, from(from));
  }

  /** Gives empty tables back. */
  public int trim(int thread) {
    return tree.trim(thread);
  }

  /** When all is done. */
  @Validate
  public void audit() {
    tree.audit();
  }
}
