package dev.septum.tdx;

/** Extended exit qualifications of EPT-violation TD exits. Source: the TDX module, 1.5.01. */
public final class ExitQualification {
  /** Nothing more to say. */
  public static final int NONE = 0;

  /** A TDG.MEM.PAGE.ACCEPT found no page to accept. */
  public static final int ACCEPT = 1;

  /** The guest has touched a page that it has not accepted. */
  public static final int PENDING_EPT_VIOLATION = 6;

  private static final int TYPE_MASK = 0xf;
  private static final int REQUESTED_LEVEL_SHIFT = 32;
  private static final int FOUND_LEVEL_SHIFT = 35;
  private static final int FOUND_STATE_SHIFT = 38;
  private static final int IS_LEAF_SHIFT = 46;
  private static final int LEVEL_MASK = 7;
  private static final int STATE_MASK = 0xff;

  private ExitQualification() {}

  static long accept(int requestedLevel, int foundLevel, SeptState found) {
    return ACCEPT
        | (long) requestedLevel << REQUESTED_LEVEL_SHIFT
        | (long) foundLevel << FOUND_LEVEL_SHIFT
        | (long) found.publicCode() << FOUND_STATE_SHIFT
        | (found.isLeaf() ? 1L << IS_LEAF_SHIFT : 0);
  }

  /** {@link #NONE}, {@link #ACCEPT} or {@link #PENDING_EPT_VIOLATION}. */
  public static int type(long qualification) {
    return (int) qualification & TYPE_MASK;
  }

  /** ACCEPT: the level that the guest asked for. */
  public static int requestedLevel(long qualification) {
    return (int) (qualification >>> REQUESTED_LEVEL_SHIFT) & LEVEL_MASK;
  }

  /** ACCEPT: the level of the entry that it met. */
  public static int foundLevel(long qualification) {
    return (int) (qualification >>> FOUND_LEVEL_SHIFT) & LEVEL_MASK;
  }

  /** ACCEPT: the public code of that entry's state. */
  public static int foundState(long qualification) {
    return (int) (qualification >>> FOUND_STATE_SHIFT) & STATE_MASK;
  }

  /** ACCEPT: whether that entry is a leaf. */
  public static boolean foundLeaf(long qualification) {
    return (qualification >>> IS_LEAF_SHIFT & 1) != 0;
  }
}
