package dev.septum.tdx;

/** What a TD may do at present: TDCS.OP_STATE. Source: the TDX module, 1.5.01. */
public enum OpState {
  /** Before TDH.MNG.INIT. */
  UNINITIALIZED,
  /** The build: pages are added and measured. */
  INITIALIZED,
  /** Behind TDH.MR.FINALIZE: vCPUs run. */
  RUNNABLE,
  /** Migration: exported while it runs. */
  LIVE_EXPORT,
  /** Migration: exported, and stopped. */
  PAUSED_EXPORT,
  /** Migration: gone to the other side. */
  POST_EXPORT,
  /** Migration: memory comes in. */
  MEMORY_IMPORT,
  /** Migration: vCPU states come in. */
  STATE_IMPORT,
  /** Migration: all states are in. */
  POST_IMPORT,
  /** Migration: runs while memory still comes in. */
  LIVE_IMPORT,
  /** Migration: the import was given up. */
  FAILED_IMPORT;

  private static final int TRACKED = maskOf(RUNNABLE, LIVE_EXPORT, LIVE_IMPORT);

  static int maskOf(OpState... states) {
    int mask = 0;
    for (OpState state : states) {
      mask |= 1 << state.ordinal();
    }
    return mask;
  }

  boolean isIn(int mask) {
    return (mask >>> ordinal() & 1) != 0;
  }

  /** Whether vCPUs may be inside, so that what is consumed must have been blocked and tracked. */
  public boolean isTrackingRequired() {
    return isIn(TRACKED);
  }
}
