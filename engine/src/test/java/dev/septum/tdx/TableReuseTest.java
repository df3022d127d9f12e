package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Geometry;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Module 1.5.01, where PROMOTE shares the tree: a call has walked to its entry, and before it has
 * the lock, the table is gone and its page is a table of something else. All levels have 1 bit.
 */
final class TableReuseTest {
  private static final int PG_4K = 0;
  private static final int PG_2M = 1;
  private static final int PG_1G = 2;
  private static final long PAGE = 1L << Geometry.PAGE_SHIFT;

  private final Between between = new Between();
  private final TdxModule module =
      new TdxModule(
          ModuleConfig.v1501(new Geometry(4, 1), 16, 48), HostPages.NONE, between, () -> 0);
  private final TrustDomain td =
      module.createTd(at(16), List.of(at(17), at(18), at(19), at(20)), TdxModule.TdParams.DEFAULT);
  private final ModuleState state = new ModuleState(module);
  private final SeamcallRegisters late = new SeamcallRegisters();
  private final SeamcallRegisters other = new SeamcallRegisters();

  /** What others do between the walk and the lock of the next call. */
  private static final class Between implements TdxFaults {
    Runnable next = () -> {};

    @Override
    public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
      if (lock == TdxLock.SEPT_ENTRY) {
        Runnable now = next;
        next = () -> {};
        now.run();
      }
      return false;
    }
  }

  private static long at(long frame) {
    return frame << Geometry.PAGE_SHIFT;
  }

  private void must(TdxLeaf leaf, int level, long gfn, long page) {
    assertEquals("TDX_SUCCESS", status(other, leaf, level, gfn, page));
  }

  private String status(SeamcallRegisters call, TdxLeaf leaf, int level, long gfn, long page) {
    return SeamcallStatus.describe(module.seamcall(call, leaf, level, gfn * PAGE, td, page));
  }

  /** Tables at 21 to 23 down to gfn 0, memory at 32 and 33; another way down, to gfn 4, at 24. */
  @BeforeEach
  void mapTwoPages() {
    must(TdxLeaf.MEM_SEPT_ADD, 3, 0, at(21));
    must(TdxLeaf.MEM_SEPT_ADD, PG_1G, 0, at(22));
    must(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, at(23));
    must(TdxLeaf.MEM_PAGE_AUG, PG_4K, 0, at(32));
    must(TdxLeaf.MEM_PAGE_AUG, PG_4K, 1, at(33));
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), module.audit());
  }

  /** The page is the table of gfn 4 by then, whose memory is not the caller's to remove. */
  @Test
  void aTableThatIsAnothersByNowIsNotTouched() {
    must(TdxLeaf.MEM_SEPT_ADD, PG_1G, 4, at(24));
    must(TdxLeaf.MEM_PAGE_AUG, PG_2M, 4, at(36));
    between.next =
        () -> {
          must(TdxLeaf.MEM_PAGE_PROMOTE, PG_2M, 0, 0);
          must(TdxLeaf.MEM_PAGE_DEMOTE, PG_2M, 4, at(23));
        };
    assertEquals("TDX_OPERAND_BUSY|RCX", status(late, TdxLeaf.MEM_PAGE_REMOVE, PG_4K, 0, 0));
    assertEquals(SeptEntry.makeLeaf(SeptState.PENDING, at(36)), state.entry(td, 4 * PAGE, PG_4K));
    must(TdxLeaf.MEM_PAGE_REMOVE, PG_2M, 0, 0);
  }

  /** The table above is another's too, and names the one below at the same place. */
  @Test
  void twoTablesThatAreAnothersByNowAreNotTouched() {
    must(TdxLeaf.MEM_PAGE_AUG, PG_2M, 2, at(34));
    between.next =
        () -> {
          must(TdxLeaf.MEM_PAGE_PROMOTE, PG_2M, 0, 0);
          must(TdxLeaf.MEM_PAGE_PROMOTE, PG_1G, 0, 0);
          must(TdxLeaf.MEM_SEPT_ADD, PG_1G, 4, at(22));
          must(TdxLeaf.MEM_PAGE_AUG, PG_2M, 4, at(36));
          must(TdxLeaf.MEM_PAGE_DEMOTE, PG_2M, 4, at(23));
        };
    assertEquals("TDX_OPERAND_BUSY|RCX", status(late, TdxLeaf.MEM_PAGE_REMOVE, PG_4K, 0, 0));
    assertEquals(SeptEntry.makeLeaf(SeptState.PENDING, at(36)), state.entry(td, 4 * PAGE, PG_4K));
  }

  /** It was split again with the same page: that is the table of the call. */
  @Test
  void aTableThatHasComeBackIsUsed() {
    between.next =
        () -> {
          must(TdxLeaf.MEM_PAGE_PROMOTE, PG_2M, 0, 0);
          must(TdxLeaf.MEM_PAGE_DEMOTE, PG_2M, 0, at(23));
        };
    assertEquals("TDX_SUCCESS", status(late, TdxLeaf.MEM_PAGE_REMOVE, PG_4K, 0, 0));
    assertEquals(at(32), late.rcx);
  }

  /** Nobody has used it: its entries stay locked. */
  @Test
  void aTableThatIsGoneIsBusy() {
    between.next = () -> must(TdxLeaf.MEM_PAGE_PROMOTE, PG_2M, 0, 0);
    assertEquals("TDX_OPERAND_BUSY|RCX", status(late, TdxLeaf.MEM_PAGE_REMOVE, PG_4K, 0, 0));
  }
}
