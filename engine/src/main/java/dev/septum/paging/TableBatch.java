package dev.septum.paging;

/** Up to {@link #CAPACITY} tables that change hands together; owned by one thread at a time. */
final class TableBatch {
  static final int CAPACITY = 32;

  final int[] tables = new int[CAPACITY];
  int count;

  /** When its grace period began, once it waits for one. */
  long stamp;

  boolean isFull() {
    return count == CAPACITY;
  }

  void add(int table) {
    tables[count++] = table;
  }
}
