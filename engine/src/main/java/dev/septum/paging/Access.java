package dev.septum.paging;

/** What a guest does with memory. The bits are those of an EPT entry's permissions. */
public enum Access {
  /** A load. */
  READ(1),
  /** A store. */
  WRITE(2),
  /** An instruction fetch. */
  EXECUTE(4);

  private final int bit;

  Access(int bit) {
    this.bit = bit;
  }

  /** 1 for a read, 2 for a write, 4 for a fetch: bits 0 to 2 of an entry that allows it. */
  public int bit() {
    return bit;
  }
}
