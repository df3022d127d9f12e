package dev.septum.paging;

/**
 * The arena has no table left. The one fault that wanted it has mapped nothing. A prefault keeps
 * what it mapped before, and a split what it had split when others changed the range meanwhile.
 */
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
            + "; raise the limit, or zap and trim something");
  }
}
