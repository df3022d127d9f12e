package dev.septum.mmu;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.List;

/** A lock that excludes nobody, is always wanted by someone, and notes when it is let go. */
class ContendedLock implements MmuLock {
  private final GracePeriods periods = new GracePeriods();
  private final List<String> events;
  private boolean exclusive;

  ContendedLock(List<String> events) {
    this.events = events;
  }

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    section.open();
    return 1;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    events.add("unlock");
  }

  @Override
  public long lockExclusive() {
    exclusive = true;
    return 1;
  }

  @Override
  public void unlockExclusive(long stamp) {
    exclusive = false;
    events.add("unlock");
  }

  @Override
  public boolean isContended() {
    return true;
  }

  @Override
  public boolean isContendedByExclusive() {
    return true;
  }

  @Override
  public long yieldExclusive(long stamp) {
    events.add("yield");
    return 1;
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    events.add("yield");
    return 1;
  }

  @Override
  public boolean isHeldExclusive() {
    return exclusive;
  }

  @Override
  public long exclusiveHolds() {
    return 0;
  }
}
