package dev.septum.tdx;

import static dev.septum.tdx.OpState.FAILED_IMPORT;
import static dev.septum.tdx.OpState.INITIALIZED;
import static dev.septum.tdx.OpState.LIVE_EXPORT;
import static dev.septum.tdx.OpState.LIVE_IMPORT;
import static dev.septum.tdx.OpState.MEMORY_IMPORT;
import static dev.septum.tdx.OpState.PAUSED_EXPORT;
import static dev.septum.tdx.OpState.POST_EXPORT;
import static dev.septum.tdx.OpState.POST_IMPORT;
import static dev.septum.tdx.OpState.RUNNABLE;
import static dev.septum.tdx.OpState.STATE_IMPORT;

import org.jspecify.annotations.Nullable;

/**
 * The leaf functions, with what each wants before it looks at an entry: the operation states, the
 * levels, how it holds the TDR and the tree. Source: the TDX module, 1.5.01.
 */
public enum TdxLeaf {
  /** Enters the guest. */
  VP_ENTER("TDH.VP.ENTER", 0, OpState.maskOf(RUNNABLE, LIVE_EXPORT, LIVE_IMPORT)),
  /** Adds a page with content, in the build. */
  MEM_PAGE_ADD("TDH.MEM.PAGE.ADD", 2, OpState.maskOf(INITIALIZED), 0, 0),
  /** Adds a table. */
  MEM_SEPT_ADD(
      "TDH.MEM.SEPT.ADD",
      3,
      OpState.maskOf(
          INITIALIZED,
          RUNNABLE,
          LIVE_EXPORT,
          MEMORY_IMPORT,
          STATE_IMPORT,
          POST_IMPORT,
          LIVE_IMPORT),
      1,
      Levels.TOP),
  /** Moves a 4K page. */
  MEM_PAGE_RELOCATE("TDH.MEM.PAGE.RELOCATE", 5, Masks.MEMORY, 0, 0),
  /** Adds a page to be accepted. */
  MEM_PAGE_AUG(
      "TDH.MEM.PAGE.AUG", 6, OpState.maskOf(INITIALIZED, RUNNABLE, LIVE_EXPORT, LIVE_IMPORT), 0, 1),
  /** Forbids new translations through an entry. */
  MEM_RANGE_BLOCK("TDH.MEM.RANGE.BLOCK", 7, Masks.MEMORY, 0, Levels.TOP),
  /** Splits a huge page. */
  MEM_PAGE_DEMOTE("TDH.MEM.PAGE.DEMOTE", 15, Masks.MEMORY, 1, 2),
  /** Ends the build. */
  MR_FINALIZE("TDH.MR.FINALIZE", 17, OpState.maskOf(INITIALIZED)),
  /** Dissociates a vCPU from its logical processor. */
  VP_FLUSH("TDH.VP.FLUSH", 18, Masks.ANY),
  /** Ends the use of a TD's key. */
  MNG_VPFLUSHDONE("TDH.MNG.VPFLUSHDONE", 19, Masks.ANY),
  /** Frees a TD's key. */
  MNG_KEY_FREEID("TDH.MNG.KEY.FREEID", 20, Masks.ANY),
  /** Merges a full table into a huge page. */
  MEM_PAGE_PROMOTE("TDH.MEM.PAGE.PROMOTE", 23, Masks.MEMORY, 1, 2),
  /** Reads what the PAMT says of a page. */
  PHYMEM_PAGE_RDMD("TDH.PHYMEM.PAGE.RDMD", 24, Masks.ANY),
  /** Reads an entry. */
  MEM_SEPT_RD("TDH.MEM.SEPT.RD", 25, Masks.INITIALIZED_ONES, 0, Levels.TOP),
  /** Takes a page back from a TD that is torn down. */
  PHYMEM_PAGE_RECLAIM("TDH.PHYMEM.PAGE.RECLAIM", 28, Masks.ANY),
  /** Removes a page. */
  MEM_PAGE_REMOVE("TDH.MEM.PAGE.REMOVE", 29, Masks.MEMORY | OpState.maskOf(FAILED_IMPORT), 0, 2),
  /** Removes an empty table. */
  MEM_SEPT_REMOVE("TDH.MEM.SEPT.REMOVE", 30, Masks.INITIALIZED_ONES, 1, Levels.TOP),
  /** Begins a new TLB epoch. */
  MEM_TRACK("TDH.MEM.TRACK", 38, Masks.INITIALIZED_ONES & ~OpState.maskOf(FAILED_IMPORT)),
  /** Takes a block back. */
  MEM_RANGE_UNBLOCK("TDH.MEM.RANGE.UNBLOCK", 39, Masks.MEMORY, 0, Levels.TOP),
  /** Writes the caches back, for the keys to be freed. */
  PHYMEM_CACHE_WB("TDH.PHYMEM.CACHE.WB", 40, Masks.ANY),
  /** Writes a freed page back. */
  PHYMEM_PAGE_WBINVD("TDH.PHYMEM.PAGE.WBINVD", 41, Masks.ANY),
  /** Dynamic PAMT: gives a 2M range its page pair. */
  PHYMEM_PAMT_ADD("TDH.PHYMEM.PAMT.ADD", 58, Masks.ANY),
  /** Dynamic PAMT: takes it back. */
  PHYMEM_PAMT_REMOVE("TDH.PHYMEM.PAMT.REMOVE", 59, Masks.ANY),
  /** The guest accepts a page. */
  GUEST_ACCEPT("TDG.MEM.PAGE.ACCEPT", 6, Masks.ANY, 0, 1),
  /** The guest touches memory: no leaf function, but it ends in the module when it fails. */
  GUEST_ACCESS("guest access", -1, Masks.ANY);

  private static final int HOST_LEAVES = 64;
  private static final @Nullable TdxLeaf[] BY_NUMBER = new TdxLeaf[HOST_LEAVES];

  static {
    for (TdxLeaf leaf : values()) {
      if (leaf.longName.startsWith("TDH.")) {
        BY_NUMBER[leaf.number] = leaf;
      }
    }
  }

  private static final class Masks {
    static final int ANY = -1;
    static final int INITIALIZED_ONES = ~OpState.maskOf(OpState.UNINITIALIZED);
    static final int MEMORY =
        OpState.maskOf(
            INITIALIZED,
            RUNNABLE,
            LIVE_EXPORT,
            PAUSED_EXPORT,
            POST_EXPORT,
            POST_IMPORT,
            LIVE_IMPORT);
  }

  private static final class Levels {
    static final int NONE = -1;
    static final int TOP = 7;
  }

  private final String longName;
  private final int number;
  private final int opStates;
  private final int minLevel;
  private final int maxLevel;

  TdxLeaf(String longName, int number, int opStates) {
    this(longName, number, opStates, Levels.NONE, Levels.NONE);
  }

  TdxLeaf(String longName, int number, int opStates, int minLevel, int maxLevel) {
    this.longName = longName;
    this.number = number;
    this.opStates = opStates;
    this.minLevel = minLevel;
    this.maxLevel = maxLevel;
  }

  /** The name in the module's interface: {@code TDH.MEM.PAGE.AUG}. */
  public String longName() {
    return longName;
  }

  /** The leaf number, in RAX bits 15:0. */
  public int number() {
    return number;
  }

  /** Whether a TD in this operation state can be asked for it. */
  public boolean isAllowedIn(OpState state) {
    return state.isIn(opStates);
  }

  boolean takesLevel(int level, int top) {
    return level >= minLevel && level <= Math.min(maxLevel, top);
  }

  static @Nullable TdxLeaf ofNumber(int number) {
    return number < HOST_LEAVES ? BY_NUMBER[number] : null;
  }
}
