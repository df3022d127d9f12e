package dev.septum.simulator.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Accesses in order, packed by {@link dev.septum.vm.GuestAccess}: 8 bytes each, in chunks. A small
 * log is small. Written by one thread, then read by any.
 */
public final class AccessLog {
  private static final int CHUNK_SHIFT = 15;
  private static final int CHUNK = 1 << CHUNK_SHIFT;
  private static final int FIRST_CHUNK = 1 << 8;

  private final List<long[]> chunks = new ArrayList<>();
  private long[] last = new long[0];
  private int used;
  private long size;

  /** An empty log. */
  public AccessLog() {}

  /** Adds an access. */
  public void append(long access) {
    if (used == last.length) {
      grow();
    }
    last[used++] = access;
    size++;
  }

  private void grow() {
    if (last.length == CHUNK || chunks.isEmpty()) {
      last = new long[chunks.isEmpty() ? FIRST_CHUNK : CHUNK];
      used = 0;
      chunks.add(last);
    } else {
      last = Arrays.copyOf(last, 2 * last.length);
      chunks.set(0, last);
    }
  }

  /** How many accesses there are. */
  public long size() {
    return size;
  }

  /** The access at an index from 0 on. */
  public long get(long index) {
    return chunks.get((int) (index >>> CHUNK_SHIFT))[(int) index & CHUNK - 1];
  }

  /** How many chunks there are. */
  public int chunks() {
    return chunks.size();
  }

  /** A chunk, of which {@link #used} accesses are the log's. */
  public long[] chunk(int number) {
    return chunks.get(number);
  }

  /** How much of a chunk is used. */
  public int used(int number) {
    return number == chunks.size() - 1 ? used : CHUNK;
  }

  /** Empties the log chunk by chunk, so that what is made of it takes its place. */
  void drain(Visitor visitor) {
    for (int number = 0; number < chunks.size(); number++) {
      long[] chunk = chunks.get(number);
      int end = used(number);
      for (int at = 0; at < end; at++) {
        visitor.access(chunk[at]);
      }
      chunks.set(number, last);
    }
    chunks.clear();
    last = new long[0];
    used = 0;
    size = 0;
  }

  /** What is shown accesses. */
  interface Visitor {
    /** The next access. */
    void access(long packed);
  }
}
