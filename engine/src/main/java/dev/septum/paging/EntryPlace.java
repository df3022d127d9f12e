package dev.septum.paging;

/** Where an entry stands, filled by a walk; used by one thread. */
public final class EntryPlace {
  int table;
  int level;

  /** Nowhere yet. */
  public EntryPlace() {}

  /** The table. */
  public int table() {
    return table;
  }

  /** The level of the table's entries. */
  public int level() {
    return level;
  }
}
