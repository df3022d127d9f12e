package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.util.Arrays;

/**
 * The state of a module, put in place and looked at from outside: for records of the real module,
 * for a look at a tree at rest, and for tests. A module that runs for its own sake has no use for
 * it.
 *
 * <p>What is set here is taken as it is: no lock is asked for, and nothing is checked but that a
 * place exists. So a state can be set that no sequence of calls leads to, and the module may then
 * find itself broken. One thread, while no call is under way; {@link TdxFaults#window} may look.
 *
 * <p>A host address is in bytes, as is a guest address. Levels are the module's: 0 is 4K.
 */
public final class ModuleState {
  private final TdxModule module;
  private final Pamt pamt;
  private final SeamcallRegisters place = new SeamcallRegisters();

  /** The state of a module. */
  public ModuleState(TdxModule module) {
    this.module = module;
    this.pamt = module.pamt();
  }

  // TDs and vCPUs.

  /** Says what a TD may do at present. */
  public void setOpState(TrustDomain td, OpState now) {
    td.setOpState(now);
  }

  /** Says how far a TD has come, and whether it has all its control pages. */
  public void setLifecycle(TrustDomain td, Lifecycle now, boolean controlComplete) {
    td.setLifecycle(now);
    td.setControlComplete(controlComplete);
  }

  /**
   * Sets a TD's TLB epoch, and how many vCPUs are inside.
   *
   * @param even entered in an even epoch
   * @param odd entered in an odd one
   */
  public void setEpochs(TrustDomain td, long epoch, int even, int odd) {
    td.epochs().restore(epoch, even, odd);
  }

  /** Adds to a TD's count of pages. */
  public void addChildren(TrustDomain td, long pages) {
    td.addChildren(pages);
  }

  /**
   * The step of VP.ENTER that counts a vCPU in, alone: it asks for no page and no operation state.
   * {@link GuestLeaves#exit} counts it out.
   *
   * @return whether it was outside, and the epoch lock could be had
   */
  public boolean tryEnter(TdVcpu vcpu) {
    if (!vcpu.tryComeIn()) {
      return false;
    }
    boolean isIn = vcpu.td().epochs().tryEnter(vcpu);
    if (!isIn) {
      vcpu.goOut();
    }
    return isIn;
  }

  // Entries.

  /** Walks to a level, or to the entry above it that names no table; blocked tables do not stop. */
  private int walk(TrustDomain td, long gpa, int wanted) {
    long[] table = td.root();
    for (int level = module.geometry().levels() - 1; ; level--) {
      place.table = table;
      place.index = module.sept().index(gpa, level);
      place.entry = SecureEpt.entryAcquire(table, place.index);
      SeptState state = SeptEntry.stateOrNull(place.entry);
      if (level == wanted || state == null || !state.isNonLeaf()) {
        return level;
      }
      table = module.sept().tableOf(place.entry);
    }
  }

  /** The level of the {@link #entry} of an address: the one wanted, or one above. */
  public int entryLevel(TrustDomain td, long gpa, int wanted) {
    return walk(td, gpa, wanted);
  }

  /** The entry of an address, with its locks. Blocked tables are passed through. */
  public long entry(TrustDomain td, long gpa, int wanted) {
    walk(td, gpa, wanted);
    return place.entry;
  }

  /**
   * Sets an entry; its page, if it has one, is not touched.
   *
   * @throws IllegalArgumentException if there is no table of that level
   */
  public void setEntry(TrustDomain td, long gpa, int level, long entry) {
    if (walk(td, gpa, level) != level) {
      throw new IllegalArgumentException(
          String.format("gpa 0x%x has no entry of level %d", gpa, level));
    }
    SecureEpt.writeUnlocked(place.table, place.index, entry);
  }

  /** The entries of the table in a page. */
  public long[] table(long hpa) {
    return pamt.table(pfn(hpa)).clone();
  }

  /** Makes a page an empty table, as far as its content goes. */
  public void clearTable(long hpa) {
    Arrays.fill(pamt.table(pfn(hpa)), SeptEntry.FREE);
  }

  // Pages.

  private long pfn(long hpa) {
    if (!contains(hpa)) {
      throw new IllegalArgumentException(String.format("0x%x lies in no TDMR", hpa));
    }
    return hpa >>> Geometry.PAGE_SHIFT;
  }

  /** Whether a page lies in a TDMR. All that is asked of pages throws where it does not. */
  public boolean contains(long hpa) {
    return pamt.contains(hpa >>> Geometry.PAGE_SHIFT);
  }

  /** Gives a page of a level to a TD, with BEPOCH 0. The TD's count of pages is left alone. */
  public void assignPage(int level, long hpa, PageType type, TrustDomain td) {
    pamt.setBepochVolatile(level, pfn(hpa), 0);
    pamt.assignRelease(level, pfn(hpa), type, td.tdrPfn());
  }

  /** Takes a page of a level back, as leaf functions do: its owner stays. */
  public void freePage(int level, long hpa) {
    pamt.freeRelease(level, pfn(hpa));
  }

  /** What a page of a level is used for. */
  public PageType pageType(int level, long hpa) {
    return pamt.typeAcquire(level, pfn(hpa));
  }

  /** The root page of the TD that a page belongs to, or belonged to last; 0 if to none yet. */
  public long pageOwner(int level, long hpa) {
    return pamt.ownerAcquire(level, pfn(hpa)) << Geometry.PAGE_SHIFT;
  }

  /** BEPOCH of a page of a level. */
  public long bepoch(int level, long hpa) {
    return pamt.bepochVolatile(level, pfn(hpa));
  }

  /** Sets BEPOCH of a page of a level. */
  public void setBepoch(int level, long hpa, long bepoch) {
    pamt.setBepochVolatile(level, pfn(hpa), bepoch);
  }

  // Locks.

  /** The lock word of a page of a level: 1 exclusive, 2 host priority, 4 for each reader. */
  public int pageLock(int level, long hpa) {
    return TryLocks.wordVolatile(pamt.lockWords(level, pfn(hpa)), pamt.lockIndex(level, pfn(hpa)));
  }

  /** Sets the lock word of a page of a level: someone else's lock. */
  public void setPageLock(int level, long hpa, int word) {
    TryLocks.setWordVolatile(
        pamt.lockWords(level, pfn(hpa)), pamt.lockIndex(level, pfn(hpa)), word);
  }

  /**
   * A lock word of a TD. That of OP_STATE, and in newer modules that of the tree, is as a page's;
   * else 1 exclusive, 2 for each reader.
   *
   * @param lock OP_STATE, SEPT_TREE or TD_EPOCH
   */
  public int lock(TrustDomain td, TdxLock lock) {
    return TryLocks.wordVolatile(words(td, lock), at(lock));
  }

  /** Sets a lock word of a TD: someone else's lock. */
  public void setLock(TrustDomain td, TdxLock lock, int word) {
    TryLocks.setWordVolatile(words(td, lock), at(lock), word);
  }

  private static int[] words(TrustDomain td, TdxLock lock) {
    return lock == TdxLock.TD_EPOCH ? td.epochs().words() : td.words();
  }

  private static int at(TdxLock lock) {
    return switch (lock) {
      case OP_STATE -> TrustDomain.opStateLock();
      case SEPT_TREE -> TrustDomain.treeLock();
      case TD_EPOCH -> TdEpochs.lockIndex();
      case TDR, SEPT_ENTRY, PAMT -> throw new IllegalArgumentException("no word of a TD: " + lock);
    };
  }
}
