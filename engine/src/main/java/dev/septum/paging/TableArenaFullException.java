package dev.septum.paging;

/** The arena has no table left. Whatever was asked for has not happened, not even in part. */
public final class TableArenaFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TableArenaFullException(int limit, long live, long waiting) {
    super(
        "the table arena is full: limit "
            + limit
            + " tables, live "
            + live
            + ", waiting for a grace period "
            + waiting
            + "; raise the limit or unmap something");
  }
}
