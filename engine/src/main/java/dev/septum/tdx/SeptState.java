package dev.septum.tdx;

/**
 * What a Secure EPT entry is. The states behind {@link #PENDING_BLOCKED} belong to migration: they
 * are told apart and refused where the module refuses them, but no leaf function here makes them.
 *
 * <p>Source: the TDX module's table of entry states, 1.5.01.
 */
public enum SeptState {
  /** Nothing is mapped. */
  FREE(0x0e, 0, 0),
  /** Removed while an import is in progress; holds the migration epoch in place of an address. */
  REMOVED(0x0c, 5, 0),
  /** Names a table. */
  NL_MAPPED(0x00, 132, 7),
  /** Names a table; no walk goes through. */
  NL_BLOCKED(0x08, 129, 0),
  /** Maps a page that the guest has accepted. */
  MAPPED(0x60, 4, 7),
  /** An accepted page, blocked: no new translation. */
  BLOCKED(0x68, 1, 0),
  /** A page that the guest has yet to accept. */
  PENDING(0x70, 2, 0),
  /** A page to be accepted, blocked: it cannot be accepted. */
  PENDING_BLOCKED(0x78, 3, 0),
  /** Migration: blocked for writing. */
  BLOCKEDW(0x64, 8, 5),
  /** Migration: to be accepted, blocked for writing. */
  PENDING_BLOCKEDW(0x74, 16, 0),
  /** Migration: exported, blocked for writing. */
  EXPORTED_BLOCKEDW(0x66, 9, 5),
  /** Migration: exported, and written since. */
  EXPORTED_DIRTY(0x63, 11, 7),
  /** Migration: exported, written since, and blocked for writing again. */
  EXPORTED_DIRTY_BLOCKEDW(0x67, 12, 5),
  /** Migration: exported while to be accepted. */
  PENDING_EXPORTED_BLOCKEDW(0x76, 17, 0),
  /** Migration: exported while to be accepted, and to be exported again; can be accepted. */
  PENDING_EXPORTED_DIRTY(0x73, 19, 0),
  /** Migration: the same, blocked for writing again. */
  PENDING_EXPORTED_DIRTY_BLOCKEDW(0x77, 20, 0);

  private static final int PS = 0x40;
  private static final SeptState[] STATES = values();
  private static final byte[] BY_ENCODING = new byte[128];

  static {
    java.util.Arrays.fill(BY_ENCODING, (byte) -1);
    for (SeptState state : STATES) {
      BY_ENCODING[state.encoding] = (byte) state.ordinal();
    }
  }

  private final int encoding;
  private final int publicCode;
  private final int rwx;

  SeptState(int encoding, int publicCode, int rwx) {
    this.encoding = encoding;
    this.publicCode = publicCode;
    this.rwx = rwx;
  }

  /** The state of seven collected bits; null if no state has them. */
  static @org.jspecify.annotations.Nullable SeptState ofEncoding(int encoding) {
    int ordinal = BY_ENCODING[encoding];
    return ordinal < 0 ? null : STATES[ordinal];
  }

  /** The seven bits that tell the state: D, TDEX, TDBW, TDB, TDP, IPAT, PS, from bit 0 up. */
  int encoding() {
    return encoding;
  }

  /** The code that leaf functions report: RDX bits 15:8, and in extended exit qualifications. */
  public int publicCode() {
    return publicCode;
  }

  /** R, W and X that an entry in this state has. */
  public int rwx() {
    return rwx;
  }

  /** Maps a page, of whatever size. */
  public boolean isLeaf() {
    return (encoding & PS) != 0;
  }

  /** Names a table. */
  public boolean isNonLeaf() {
    return this == NL_MAPPED || this == NL_BLOCKED;
  }

  /** Blocked by RANGE.BLOCK. */
  public boolean isBlocked() {
    return this == BLOCKED || this == PENDING_BLOCKED || this == NL_BLOCKED;
  }

  /** The guest has not accepted the page yet. */
  public boolean isPending() {
    return this == PENDING
        || this == PENDING_BLOCKED
        || this == PENDING_BLOCKEDW
        || this == PENDING_EXPORTED_BLOCKEDW
        || this == PENDING_EXPORTED_DIRTY
        || this == PENDING_EXPORTED_DIRTY_BLOCKEDW;
  }

  /** ACCEPT would accept it. */
  public boolean isAcceptable() {
    return this == PENDING || this == PENDING_EXPORTED_DIRTY;
  }

  /** The state without its block; itself if it has none. */
  SeptState unblocked() {
    return switch (this) {
      case BLOCKED, BLOCKEDW -> MAPPED;
      case PENDING_BLOCKED, PENDING_BLOCKEDW -> PENDING;
      case NL_BLOCKED -> NL_MAPPED;
      default -> this;
    };
  }

  long mask() {
    return 1L << ordinal();
  }

  static long maskOf(SeptState... states) {
    long mask = 0;
    for (SeptState state : states) {
      mask |= state.mask();
    }
    return mask;
  }
}
