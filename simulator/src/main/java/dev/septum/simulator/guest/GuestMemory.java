package dev.septum.simulator.guest;

import dev.septum.paging.GfnRange;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a guest's pages, in blocks of 2M that are made when a page of them is touched or
 * taken.
 */
public final class GuestMemory {
  private final List<GfnRange> slots;
  private final int[] firstBlocks;
  private final AtomicReferenceArray<@Nullable PageBlock> blocks;

  /**
   * Memory of which nothing is known.
   *
   * @param slots ascending, each beginning at a multiple of 2M; 1 TiB of them cost 2 MiB here
   */
  public GuestMemory(List<GfnRange> slots) {
    this.slots = List.copyOf(slots);
    this.firstBlocks = new int[slots.size()];
    int count = 0;
    for (int i = 0; i < firstBlocks.length; i++) {
      firstBlocks[i] = count;
      count += Math.toIntExact(slots.get(i).pages() + PageBlock.PAGES - 1 >> PageBlock.SHIFT);
    }
    this.blocks = new AtomicReferenceArray<>(count);
  }

  /** The slot of a gfn, or of the last slot's that begins before it. */
  public GfnRange slotOf(long gfn) {
    return slots.get(SlotIndex.of(gfn, slots));
  }

  /** The block of a gfn, which must be of the memory. */
  PageBlock block(long gfn) {
    int slot = SlotIndex.of(gfn, slots);
    int at = firstBlocks[slot] + (int) (gfn - slots.get(slot).start() >> PageBlock.SHIFT);
    PageBlock block = blocks.getAcquire(at);
    if (block != null) {
      return block;
    }
    PageBlock made = new PageBlock();
    PageBlock witness = blocks.compareAndExchange(at, null, made);
    return witness == null ? made : witness;
  }

  /**
   * The host is about to take pages, by converting them to shared or punching a hole, or to bring
   * them back: from here to {@link #endTaking} they may lose their content. One thread takes a
   * page.
   */
  public void beginTaking(GfnRange range) {
    count(range);
    VarHandle.fullFence();
  }

  /** It has taken them. */
  public void endTaking(GfnRange range) {
    count(range);
  }

  private void count(GfnRange range) {
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      block(gfn).countTakenRelease(PageBlock.page(gfn));
    }
  }

  /** Shows every page whose content is known, at rest. */
  public void forEachKnown(LongConsumer visitor) {
    for (int slot = 0; slot < firstBlocks.length; slot++) {
      GfnRange range = slots.get(slot);
      int at = firstBlocks[slot];
      for (long first = range.start(); first < range.end(); first += PageBlock.PAGES, at++) {
        PageBlock block = blocks.getAcquire(at);
        for (int page = 0; block != null && page < PageBlock.PAGES; page++) {
          if (block.isKnown(page, block.takenAcquire(page))) {
            visitor.accept(first + page);
          }
        }
      }
    }
  }
}
