package dev.septum.lincheck;

import dev.septum.paging.GfnRange;
import dev.septum.sync.BiasedMmuLock;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/** Accesses by hardware and zaps of one block, so that few interleavings are many of these. */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "gfn", gen = IntGen.class, conf = "0:1")
@Param(name = "write", gen = BooleanGen.class)
public class Accesses {
  final DirectRoot tree = new DirectRoot(new BiasedMmuLock());

  /** Under the lock that a machine has. */
  public Accesses() {}

  /** A walk by hardware, which sets A and D. */
  @Operation
  public boolean access(
      @Param(name = "thread") int thread,
      @Param(name = "gfn") int gfn,
      @Param(name = "write") boolean write) {
    return tree.access(thread, gfn, TreeOperations.kind(write));
  }

  /** A zap of the block. */
  @Operation
  public int zapBlock(@Param(name = "thread") int thread) {
    return tree.zap(thread, GfnRange.ofPages(0, TreeSpecification.BLOCK));
  }

  /** Walks of a block, when nothing runs. */
  public String look(int thread, int block) {
    return tree.look(thread, block);
  }

  /** When all is done. */
  @Validate
  public void audit() {
    tree.audit();
  }
}
