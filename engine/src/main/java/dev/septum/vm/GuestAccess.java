package dev.septum.vm;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;

/** A guest's access, packed into a long so that millions of them take no objects. */
public final class GuestAccess {
  private static final int KIND_BITS = 3;
  private static final int KIND_MASK = (1 << KIND_BITS) - 1;

  private GuestAccess() {}

  /**
   * Packs an access.
   *
   * @param gpa a guest-physical address of up to 52 bits; not checked
   */
  public static long of(long gpa, Access access) {
    return gpa << KIND_BITS | access.bit();
  }

  /** The guest-physical address. */
  public static long gpa(long packed) {
    return packed >>> KIND_BITS;
  }

  /** The guest frame number. */
  public static long gfn(long packed) {
    return packed >>> (KIND_BITS + Geometry.PAGE_SHIFT);
  }

  /** The {@link Access#bit}. */
  public static int bits(long packed) {
    return (int) packed & KIND_MASK;
  }
}
