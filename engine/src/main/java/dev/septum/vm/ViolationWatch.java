package dev.septum.vm;

/**
 * Sees that a vCPU exits for the same ACCEPT again and again while nothing changes. Used by its
 * vCPU alone.
 */
final class ViolationWatch {
  /** So many exits in a row are taken for an endless violation. */
  static final int ENDLESS = 64;

  private long gfn = -1;
  private int level;
  private long entry;
  private int exits;

  /** The guest has got on. */
  void reset() {
    gfn = -1;
  }

  /**
   * Notes an exit.
   *
   * @param entry what maps the page in the mirror now
   * @return whether it is one of an endless row; said once for so many
   */
  boolean note(long gfn, int level, long entry) {
    if (gfn != this.gfn || level != this.level || entry != this.entry) {
      this.gfn = gfn;
      this.level = level;
      this.entry = entry;
      exits = 0;
    }
    exits++;
    if (exits < ENDLESS) {
      return false;
    }
    exits = 0;
    return true;
  }
}
