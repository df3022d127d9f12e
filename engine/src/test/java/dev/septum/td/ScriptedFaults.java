package dev.septum.td;

import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What goes wrong in a test of one thread: the lock tried as the n-th, the next few interrupts. */
final class ScriptedFaults implements TdxFaults {
  /** Every lock that was tried, in order. */
  final List<String> tried = new ArrayList<>();

  /** Which try finds its lock held, from 0; none if negative. */
  int busyAt = -1;

  /** Of which leaf functions every try finds its lock held, now and for ever. */
  Predicate<TdxLeaf> stuck = leaf -> false;

  /** How many checks of the host's calls to come find an interrupt pending. */
  int interrupts;

  /** How many TRACKs to come find a vCPU of the previous epoch inside. */
  int lateVcpus;

  @Override
  public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    tried.add(leaf + " " + lock);
    return tried.size() - 1 == busyAt || stuck.test(leaf);
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    return leaf != TdxLeaf.GUEST_ACCEPT && interrupts > 0 && interrupts-- > 0;
  }

  @Override
  public boolean isPreviousEpochBusy() {
    return lateVcpus > 0 && lateVcpus-- > 0;
  }
}
