package dev.septum.td;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;

/**
 * The module's door, as the host of one TD uses it: frames and the MMU's levels in place of
 * addresses and the module's, every call counted, a status that was not foreseen told in words. Any
 * number of threads, each with its own registers.
 */
final class Seamcalls {
  /** Far more calls than another thread's call can take, unless it never ends. */
  private static final int MOST_TRIES = 1 << 20;

  private final TdxModule module;
  private final TrustDomain td;
  private final SeamcallCounts counts = new SeamcallCounts();

  Seamcalls(TdxModule module, TrustDomain td) {
    this.module = module;
    this.td = td;
  }

  TdxModule module() {
    return module;
  }

  TrustDomain td() {
    return td;
  }

  SeamcallCounts counts() {
    return counts;
  }

  /**
   * A call about an entry.
   *
   * @param level the MMU's: 1 is 4K
   * @param page R8, in bytes; 0 for leaf functions without a page
   * @return the status
   */
  long aboutEntry(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level, long page) {
    return note(leaf, module.seamcall(call, leaf, level - 1, gfn << Geometry.PAGE_SHIFT, td, page));
  }

  /** A call about one host page: the TDR, a TDVPR, any. Returns the status. */
  long aboutPage(SeamcallRegisters call, TdxLeaf leaf, long address) {
    return note(leaf, module.seamcall(call, leaf, address));
  }

  /** A call about the TD. Returns the status. */
  long aboutTd(SeamcallRegisters call, TdxLeaf leaf) {
    return aboutPage(call, leaf, td.tdr());
  }

  private long note(TdxLeaf leaf, long status) {
    counts.called(leaf);
    if (status != SeamcallStatus.SUCCESS) {
      counts.failed(leaf);
    }
    if (isBusy(status)) {
      counts.wasBusy();
    }
    return status;
  }

  static boolean isBusy(long status) {
    return SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY;
  }

  /**
   * Calls about a page that no vCPU is busy with, until it is not busy. Waits at most for other
   * threads' calls, which are bounded, and hold nothing between two of them.
   *
   * @return the status; BUSY only if something holds a lock for ever
   */
  long untilFree(SeamcallRegisters call, TdxLeaf leaf, long address) {
    long status = aboutPage(call, leaf, address);
    for (int tries = 0; isBusy(status) && tries < MOST_TRIES; tries++) {
      SpinWait.pause(tries);
      status = aboutPage(call, leaf, address);
    }
    return status;
  }

  /**
   * The same, where nothing but success is foreseen.
   *
   * @throws IllegalStateException for any other status
   */
  void untilDone(SeamcallRegisters call, TdxLeaf leaf, long address) {
    if (untilFree(call, leaf, address) != SeamcallStatus.SUCCESS) {
      throw unforeseenOfPage(call, leaf, address);
    }
  }

  /**
   * Looks at an entry, again while it is busy. A host's call that has lost an entry must not be the
   * last: until one has won it, the module refuses the entry to every guest. Waits at most for
   * other calls, as {@link #untilFree} does, a guest's ACCEPT among them.
   *
   * @return the status; BUSY only if something holds a lock for ever
   */
  long readUntilFree(SeamcallRegisters call, long gfn, int level) {
    long status = read(call, gfn, level);
    for (int tries = 0; isBusy(status) && tries < MOST_TRIES; tries++) {
      SpinWait.pause(tries);
      status = read(call, gfn, level);
    }
    return status;
  }

  /** Looks at an entry. */
  long read(SeamcallRegisters call, long gfn, int level) {
    return aboutEntry(call, TdxLeaf.MEM_SEPT_RD, gfn, level, 0);
  }

  /** What a call about an entry has ended with; it should not have. */
  IllegalStateException unforeseen(SeamcallRegisters call, TdxLeaf leaf, long gfn, int level) {
    return new IllegalStateException(
        String.format(
            "%s of gpa 0x%x at %s: %s",
            leaf.longName(), gfn << Geometry.PAGE_SHIFT, PageLevel.of(level), words(call)));
  }

  /** What a call about a page has ended with; it should not have. */
  IllegalStateException unforeseenOfPage(SeamcallRegisters call, TdxLeaf leaf, long address) {
    return new IllegalStateException(
        String.format("%s of hpa 0x%x: %s", leaf.longName(), address, words(call)));
  }

  private static String words(SeamcallRegisters call) {
    return String.format(
        "%s, RCX 0x%x, RDX 0x%x", SeamcallStatus.describe(call.rax), call.rcx, call.rdx);
  }
}
