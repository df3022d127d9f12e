package dev.septum.memory;

import dev.septum.mmu.MappingLimits;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The slots of a machine. Readers see one snapshot or the next; wait-free. Who changes the slots
 * holds the monitor, and sees to it that nothing stays mapped of a slot that goes.
 */
public final class MemorySlots implements MappingLimits {
  /** Where frames are given out from: above the first 4 GiB, so that gfn and pfn differ. */
  private static final long FIRST_PFN = 1L << 20;

  private final Geometry geometry;
  private final long endPfn;
  private volatile MemorySlot[] slots = {};
  private long nextPfn; // guarded by this

  /** No slots; frames for them as many as an entry can name. */
  public MemorySlots(Geometry geometry) {
    this(geometry, FIRST_PFN, MemorySlot.FRAMES);
  }

  /**
   * No slots.
   *
   * @param firstPfn the first host frame that may be given to a slot
   * @param endPfn one more than the last
   */
  public MemorySlots(Geometry geometry, long firstPfn, long endPfn) {
    this.geometry = geometry;
    this.nextPfn = firstPfn;
    this.endPfn = endPfn;
  }

  /** The slot of a gfn, or null; wait-free. */
  public @Nullable MemorySlot find(long gfn) {
    MemorySlot[] now = slots;
    int low = 0;
    int high = now.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      GfnRange range = now[middle].range();
      if (gfn < range.start()) {
        high = middle - 1;
      } else if (gfn >= range.end()) {
        low = middle + 1;
      } else {
        return now[middle];
      }
    }
    return null;
  }

  /** All slots, in the order of their gfns. */
  public List<MemorySlot> all() {
    return List.of(slots);
  }

  /** What slot and backing allow; 4K where there is no slot. */
  @Override
  public int maxMappingLevel(long gfn, int cap) {
    MemorySlot slot = find(gfn);
    return slot == null
        ? PageLevel.PG_4K
        : Math.min(slot.limits().maxMappingLevel(gfn, cap), slot.backing().number());
  }

  /**
   * Checks that every gfn of a range lies in a slot.
   *
   * @return the range
   * @throws IllegalArgumentException with the first gfn that does not
   */
  public GfnRange checkCovered(GfnRange range) {
    long gfn = range.start();
    while (gfn < range.end()) {
      MemorySlot slot = find(gfn);
      if (slot == null) {
        throw new IllegalArgumentException(String.format("gfn 0x%x is in no memory slot", gfn));
      }
      gfn = slot.range().end();
    }
    return range;
  }

  /**
   * Frames that no slot has, aligned to each other as the gfns are, up to the largest leaf. Never
   * given out twice, not even after the slot is gone: 4 PiB in a machine's life.
   *
   * @throws IllegalStateException if there are not that many left
   */
  public synchronized long takeFrames(GfnRange range) {
    long pfn = roundUp(nextPfn) + (range.start() & largestLeaf() - 1);
    if (range.pages() > endPfn - pfn) {
      throw new IllegalStateException(
          String.format(
              "%s wants %d host frames, and %d are left", range, range.pages(), endPfn - pfn));
    }
    nextPfn = pfn + range.pages();
    return pfn;
  }

  /** The frames of a slot, and those around it that no other slot is ever given. */
  public GfnRange framesTakenFor(MemorySlot slot) {
    return new GfnRange(
        roundUp(slot.pfn() + 1) - largestLeaf(), roundUp(slot.pfn() + slot.range().pages()));
  }

  private long largestLeaf() {
    return geometry.pages(geometry.maxLeafLevel());
  }

  private long roundUp(long pfn) {
    return pfn + largestLeaf() - 1 & -largestLeaf();
  }

  /**
   * Adds a slot.
   *
   * @throws IllegalArgumentException if it overlaps one that is there
   */
  public synchronized void add(MemorySlot slot) {
    publish(with(new ArrayList<>(Arrays.asList(slots)), slot));
  }

  /**
   * Puts a slot in the place of another.
   *
   * @param old a slot that is there
   * @param successor what takes its place, or null for nothing
   * @throws IllegalArgumentException if {@code old} is not there, or the other overlaps a third
   */
  public synchronized void replace(MemorySlot old, @Nullable MemorySlot successor) {
    publish(replaced(old, successor));
  }

  /** Throws what {@link #replace} would throw, and changes nothing. */
  public synchronized void checkReplaceable(MemorySlot old, @Nullable MemorySlot successor) {
    replaced(old, successor);
  }

  private List<MemorySlot> replaced(MemorySlot old, @Nullable MemorySlot successor) {
    List<MemorySlot> rest = new ArrayList<>(Arrays.asList(slots));
    if (!rest.remove(old)) {
      throw new IllegalArgumentException(old + " is not a slot of this machine");
    }
    return successor == null ? rest : with(rest, successor);
  }

  private static List<MemorySlot> with(List<MemorySlot> others, MemorySlot slot) {
    Objects.requireNonNull(slot, "slot");
    for (MemorySlot other : others) {
      if (other.range().overlaps(slot.range())) {
        throw new IllegalArgumentException(slot + " overlaps " + other);
      }
    }
    others.add(slot);
    return others;
  }

  /** Forbids or permits a large page over a gfn of a slot. Under the exclusive MMU lock. */
  public void changeLimit(long gfn, int level, boolean forbid) {
    MemorySlot slot = find(gfn);
    if (slot == null) {
      throw new IllegalArgumentException(String.format("gfn 0x%x is in no memory slot", gfn));
    }
    if (forbid) {
      slot.limits().forbid(gfn, level);
    } else {
      slot.limits().permit(gfn, level);
    }
  }

  /** The frames behind a range: shows each contiguous part that a slot has of it. */
  public void forEachPart(GfnRange range, FrameConsumer consumer) {
    for (MemorySlot slot : slots) {
      long from = Math.max(range.start(), slot.range().start());
      long to = Math.min(range.end(), slot.range().end());
      if (from < to) {
        consumer.frames(slot.pfnOf(from), to - from);
      }
    }
  }

  /** What is shown contiguous frames. */
  @FunctionalInterface
  public interface FrameConsumer {
    /** {@code pages} frames from {@code pfn} on. */
    void frames(long pfn, long pages);
  }

  private void publish(List<MemorySlot> list) {
    list.sort(Comparator.comparingLong(slot -> slot.range().start()));
    slots = list.toArray(MemorySlot[]::new);
  }
}
