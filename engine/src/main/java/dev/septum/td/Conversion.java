package dev.septum.td;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemoryAttributes;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.function.BiConsumer;

/*
 * SPLIT, THEN ZAP
 *
 * Private memory that a guest has accepted cannot be faulted in again with its content. So what ends
 * private memory takes exactly its own range:
 *
 *   1. The range, rounded out to the pages that back its ends, is in progress: faults retry there.
 *   2. The mapping that lies across the head of the range is split, and the one across its tail. This may
 *      fail, for want of tables; then it is over, and nothing is changed but a mapping that was split.
 *   3. Exactly the range is zapped. From here on nothing fails.
 *   4. Attributes change, under the exclusive lock; then the backing is split, or merged.
 *   5. The range is not in progress any more. Faults that looked their page up before find the sequence
 *      moved, and look again.
 *
 * Between 1 and 5 no fault maps a page of the rounded range, so nothing large comes back across the head or
 * the tail. The slots' monitor is held throughout: slots, attributes and backing change one at a time.
 */

/**
 * What ends private memory: conversion to shared, and a hole punched in guest_memfd; and conversion
 * back. See the essay at the top of the file.
 *
 * <p>Blocking. Each throws {@link IllegalArgumentException} if the range is not all in slots with a
 * guest_memfd, and {@link dev.septum.paging.TableArenaFullException} if a table is missing for a
 * split; then no data, no attribute and no access has changed.
 */
public final class Conversion {
  private final TdpMmu mmu;
  private final Geometry geometry;
  private final MemorySlots slots;
  private final MemoryAttributes attributes;

  /** Conversions of one machine's memory. */
  public Conversion(TdpMmu mmu, MemorySlots slots, MemoryAttributes attributes) {
    this.mmu = mmu;
    this.geometry = mmu.geometry();
    this.slots = slots;
    this.attributes = attributes;
  }

  /**
   * Makes a range shared. The content of what was private is gone.
   *
   * @return how many private leaves were removed
   */
  public long toShared(Walker walker, GfnRange range) {
    return change(walker, range, Roots.MIRROR, false);
  }

  /**
   * Makes a range private. Nothing of it is accepted.
   *
   * @return how many shared leaves were removed
   */
  public long toPrivate(Walker walker, GfnRange range) {
    return change(walker, range, Roots.DIRECT, true);
  }

  private long change(Walker walker, GfnRange range, Roots ended, boolean isPrivate) {
    return whileInProgress(
        range,
        () -> {
          if (!isPrivate) {
            splitAt(walker, range.start());
            splitAt(walker, range.end());
          }
          long removed = mmu.zap(walker, range, ended);
          setPrivate(range, isPrivate);
          forEachBacking(
              range,
              (memfd, part) -> {
                memfd.split(torn(memfd, part));
                memfd.merge(wholePages(memfd, part));
              });
          return removed;
        });
  }

  /**
   * Punches a hole in guest_memfd: the pages are gone, private and shared alike, and their content.
   * What is touched again is new memory, unaccepted and zero.
   *
   * @return how many leaves were removed
   */
  public long punch(Walker walker, GfnRange range) {
    return whileInProgress(
        range,
        () -> {
          long removed = removeExactly(walker, range);
          forEachBacking(range, GuestMemfd::split);
          forEachBacking(range, GuestMemfd::punch);
          return removed;
        });
  }

  /**
   * Removes private and shared mappings of a range, and nothing else: what is private is split at
   * the ends of the range first.
   *
   * @return how many leaves were removed
   */
  public long zap(Walker walker, GfnRange range) {
    return whileInProgress(range, () -> removeExactly(walker, range));
  }

  private long removeExactly(Walker walker, GfnRange range) {
    splitAt(walker, range.start());
    splitAt(walker, range.end());
    return mmu.zap(walker, range, Roots.BOTH);
  }

  /** Changes attributes, under the exclusive lock. What they end has been zapped. */
  public void setPrivate(GfnRange range, boolean isPrivate) {
    long stamp = mmu.lock().lockExclusive();
    try {
      long unused = attributes.setPrivate(range, isPrivate);
    } finally {
      mmu.lock().unlockExclusive(stamp);
    }
  }

  /** What is done while a range is in progress. */
  @FunctionalInterface
  private interface Change {
    long run();
  }

  private long whileInProgress(GfnRange range, Change change) {
    synchronized (slots) {
      slots.checkCovered(range);
      forEachBacking(range, (memfd, part) -> {});
      mmu.beginInvalidation(roundedOut(range));
      try {
        return change.run();
      } finally {
        mmu.endInvalidation();
      }
    }
  }

  /**
   * Splits whatever private leaf lies across a gfn, down to the largest level that has a border
   * there. Split at the head and at the tail, one block may be met twice: the second time there is
   * nothing to do.
   */
  private void splitAt(Walker walker, long gfn) {
    int level = geometry.maxLeafLevel();
    while (level > PageLevel.PG_4K && geometry.round(gfn, level) != gfn) {
      level--;
    }
    if (level < geometry.maxLeafLevel() && gfn < mmu.gfnLimit()) {
      mmu.splitMirror(walker, GfnRange.ofPages(gfn, 1), level);
    }
  }

  /** The range and the rest of the pages that back its ends. */
  private GfnRange roundedOut(GfnRange range) {
    long last = range.end() - 1;
    int headLevel = backing(range.start()).level(range.start());
    int tailLevel = backing(last).level(last);
    long end = geometry.round(last, tailLevel) + geometry.pages(tailLevel);
    return new GfnRange(geometry.round(range.start(), headLevel), end);
  }

  /** The part, but for ends that lie inside a page of which all is alike: it needs no split. */
  private GfnRange torn(GuestMemfd memfd, GfnRange part) {
    long last = part.end() - 1;
    int head = memfd.level(part.start());
    int tail = memfd.level(last);
    long start = geometry.round(part.start(), head);
    long end = geometry.round(last, tail) + geometry.pages(tail);
    return new GfnRange(
        attributes.isUniform(part.start(), head) ? start : part.start(),
        attributes.isUniform(last, tail) ? end : part.end());
  }

  /** The part of a backing, and the rest of the largest pages that its ends could lie in. */
  private GfnRange wholePages(GuestMemfd memfd, GfnRange part) {
    long pages = geometry.pages(Math.min(memfd.backing().number(), geometry.maxLeafLevel()));
    long start = Math.max(memfd.range().start(), part.start() & -pages);
    long end = Math.min(memfd.range().end(), part.end() + pages - 1 & -pages);
    return new GfnRange(start, end);
  }

  private GuestMemfd backing(long gfn) {
    MemorySlot slot = slots.find(gfn);
    GuestMemfd memfd = slot == null ? null : slot.guestMemfd();
    if (memfd == null) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x has no guest_memfd behind it", gfn));
    }
    return memfd;
  }

  private void forEachBacking(GfnRange range, BiConsumer<GuestMemfd, GfnRange> action) {
    for (long gfn = range.start(); gfn < range.end(); ) {
      GuestMemfd memfd = backing(gfn);
      long end = Math.min(range.end(), memfd.range().end());
      action.accept(memfd, new GfnRange(gfn, end));
      gfn = end;
    }
  }
}
