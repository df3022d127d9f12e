package dev.septum.tdx;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The 64-bit completion statuses of SEAMCALL and TDCALL leaf functions: class and detail in bits
 * 63:32, the operand (or level) that it is about in bits 31:0.
 */
public final class SeamcallStatus {
  /** Done. */
  public static final long SUCCESS = 0;

  /** Nothing is done; to be called again from the start. */
  public static final long INTERRUPTED_RESTARTABLE = 0x80000004_00000000L;

  /** An operand is wrong. */
  public static final long OPERAND_INVALID = 0xC0000100_00000000L;

  /** An address lies outside every TDMR. */
  public static final long OPERAND_ADDR_RANGE_ERROR = 0xC0000101_00000000L;

  /** A lock is held by another call. */
  public static final long OPERAND_BUSY = 0x80000200_00000000L;

  /** A vCPU that entered in the previous epoch is still inside. */
  public static final long PREVIOUS_TLB_EPOCH_BUSY = 0x80000201_00000000L;

  /** A host call waits for the entry; only inside the module. */
  static final long OPERAND_BUSY_HOST_PRIORITY = 0x80000204_00000000L;

  /** A TD exit: the guest was refused an entry for too long, because the host wants it. */
  public static final long HOST_PRIORITY_BUSY_TIMEOUT = 0x90000205_00000000L;

  /** A page is not of the type wanted. */
  public static final long PAGE_METADATA_INCORRECT = 0xC0000300_00000000L;

  /** A page is in use. */
  public static final long PAGE_NOT_FREE = 0xC0000303_00000000L;

  /** Dynamic PAMT: the 2M range is in use. */
  public static final long HPA_RANGE_NOT_FREE = 0xC0000304_00000000L;

  /** Dynamic PAMT: the 2M range has no page pair. */
  public static final long NO_PAMT_PAGE_PAIR = 0xC0000305_00000000L;

  /** Dynamic PAMT: the page pair describes pages in use. */
  public static final long PAMT_PAGE_NOT_EMPTY = 0xC0000306_00000000L;

  /** Dynamic PAMT: a 4K page is to be used in a 2M range without a page pair. */
  public static final long MISSING_PAMT_PAGE_PAIR = 0x80000308_00000000L;

  /** The TDR has pages left. */
  public static final long TD_ASSOCIATED_PAGES_EXIST = 0xC0000400_00000000L;

  /** The TD was broken for good. */
  public static final long TD_FATAL = 0xE0000604_00000000L;

  /** The TD has no control structure yet. */
  public static final long TDCS_NOT_ALLOCATED = 0xC0000606_00000000L;

  /** The TD's life cycle does not allow it. */
  public static final long LIFECYCLE_STATE_INCORRECT = 0xC0000607_00000000L;

  /** The TD's operation state does not allow it. */
  public static final long OP_STATE_INCORRECT = 0xC0000608_00000000L;

  /** A TD without a vCPU cannot be finalized. */
  public static final long NO_VCPUS = 0xC0000609_00000000L;

  /** A vCPU is still in the guest, or associated with a logical processor. */
  public static final long VCPU_STATE_INCORRECT = 0xC0000700_00000000L;

  /** The TD has no keys, or no longer. */
  public static final long TD_KEYS_NOT_CONFIGURED = 0x80000810_00000000L;

  /** The caches were not written back. */
  public static final long WBCACHE_NOT_COMPLETE = 0x80000817_00000000L;

  /** A vCPU is still associated with a logical processor. */
  public static final long FLUSHVP_NOT_DONE = 0x80000824_00000000L;

  /** The walk has not reached the level. */
  public static final long EPT_WALK_FAILED = 0xC0000B00_00000000L;

  /** The entry has to be blocked first. */
  public static final long GPA_RANGE_NOT_BLOCKED = 0xC0000B06_00000000L;

  /** The entry is blocked already; not an error by its class. */
  public static final long GPA_RANGE_ALREADY_BLOCKED = 0x00000B07_00000000L;

  /** The entry was blocked, but not tracked. */
  public static final long TLB_TRACKING_NOT_DONE = 0xC0000B08_00000000L;

  /** The children do not make one page. */
  public static final long EPT_INVALID_PROMOTE_CONDITIONS = 0xC0000B09_00000000L;

  /** The page is accepted already, at the level in bits 31:0; not an error by its class. */
  public static final long PAGE_ALREADY_ACCEPTED = 0x00000B0A_00000000L;

  /** The page is mapped smaller, at the level in bits 31:0. */
  public static final long PAGE_SIZE_MISMATCH = 0xC0000B0B_00000000L;

  /** The entry's state does not allow it. */
  public static final long EPT_ENTRY_STATE_INCORRECT = 0xC0000B0D_00000000L;

  /** The table still maps something. */
  public static final long EPT_PAGE_NOT_FREE = 0xC0000B0E_00000000L;

  /** RAX, for {@link #of}. */
  public static final int RAX = 0;

  /** RCX, for {@link #of}. */
  public static final int RCX = 1;

  /** RDX, for {@link #of}. */
  public static final int RDX = 2;

  /** R8, for {@link #of}. */
  public static final int R8 = 8;

  /** R9, for {@link #of}. */
  public static final int R9 = 9;

  /** R12, for {@link #of}. */
  public static final int R12 = 12;

  /** R13, for {@link #of}. */
  public static final int R13 = 13;

  /** The tree lock, for {@link #of}. */
  public static final int SEPT_TREE = 146;

  /** The epoch lock, for {@link #of}. */
  public static final int TD_EPOCH = 169;

  /** The operation state's lock, for {@link #of}. */
  public static final int OP_STATE = 172;

  private static final long DETAIL_MASK = 0xffffffff_00000000L;
  private static final Map<Long, String> NAMES = new LinkedHashMap<>();
  private static final Map<Integer, String> OPERANDS =
      Map.of(
          RCX,
          "RCX",
          RDX,
          "RDX",
          R8,
          "R8",
          R9,
          "R9",
          R12,
          "R12",
          R13,
          "R13",
          SEPT_TREE,
          "SEPT_TREE",
          TD_EPOCH,
          "TD_EPOCH",
          OP_STATE,
          "OP_STATE");

  static {
    for (java.lang.reflect.Field field : SeamcallStatus.class.getDeclaredFields()) {
      if (field.getType() == long.class && !field.getName().endsWith("_MASK")) {
        try {
          NAMES.put(field.getLong(null), "TDX_" + field.getName());
        } catch (IllegalAccessException e) {
          throw new ExceptionInInitializerError(e);
        }
      }
    }
  }

  private SeamcallStatus() {}

  /** A status about an operand, a lock or a level. */
  public static long of(long detail, int operand) {
    return detail | operand;
  }

  /** The status without what it is about. */
  public static long detail(long status) {
    return status & DETAIL_MASK;
  }

  /** The operand, lock or level that a status is about. */
  public static int operand(long status) {
    return (int) status;
  }

  /** Whether the error bit is set. */
  public static boolean isError(long status) {
    return status < 0;
  }

  /** The status in words: {@code TDX_OPERAND_BUSY|RCX}. */
  public static String describe(long status) {
    String name = NAMES.get(detail(status));
    if (name == null) {
      return String.format("0x%x", status);
    }
    long detail = detail(status);
    if (detail == PAGE_ALREADY_ACCEPTED || detail == PAGE_SIZE_MISMATCH) {
      return name + "|level" + operand(status);
    }
    if (operand(status) == 0) {
      return detail == OPERAND_INVALID ? name + "|RAX" : name;
    }
    return name + "|" + OPERANDS.getOrDefault(operand(status), "" + operand(status));
  }
}
