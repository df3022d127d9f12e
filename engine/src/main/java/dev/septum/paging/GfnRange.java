package dev.septum.paging;

/**
 * A half-open range of guest frame numbers.
 *
 * @param start the first gfn
 * @param end one more than the last gfn
 */
public record GfnRange(long start, long end) {

  /**
   * A range.
   *
   * @throws IllegalArgumentException if it is empty, backward, or begins below zero
   */
  public GfnRange {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException(
          String.format("not a range of gfns: [0x%x, 0x%x)", start, end));
    }
  }

  /** {@code pages} frames from {@code start} on. */
  public static GfnRange ofPages(long start, long pages) {
    return new GfnRange(start, start + pages);
  }

  /**
   * The frames of {@code bytes} bytes at a guest-physical address.
   *
   * @throws IllegalArgumentException if address or length is not a multiple of 4096
   */
  public static GfnRange ofBytes(long gpa, long bytes) {
    long mask = (1L << Geometry.PAGE_SHIFT) - 1;
    if (((gpa | bytes) & mask) != 0) {
      throw new IllegalArgumentException(
          String.format("not aligned to 4096 bytes: address 0x%x, length 0x%x", gpa, bytes));
    }
    return ofPages(gpa >>> Geometry.PAGE_SHIFT, bytes >>> Geometry.PAGE_SHIFT);
  }

  /** Pages of 4 KiB in the range. */
  public long pages() {
    return end - start;
  }

  /** Whether {@code gfn} lies in the range. */
  public boolean contains(long gfn) {
    return gfn >= start && gfn < end;
  }

  /** Whether all of {@code other} lies in the range. */
  public boolean contains(GfnRange other) {
    return other.start >= start && other.end <= end;
  }

  /** Whether the two have a gfn in common. */
  public boolean overlaps(GfnRange other) {
    return start < other.end && other.start < end;
  }

  @Override
  public String toString() {
    return String.format("[0x%x, 0x%x)", start, end);
  }
}
