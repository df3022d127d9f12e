package dev.septum.sync;

/**
 * Keeps what stands before an object off the fields of its subclass. One half of the padding of
 * what one thread writes all the time: the final class below those fields has the other, longs
 * behind them.
 *
 * <p>128 bytes, not one line of 64: x86 fetches lines in pairs, and some ARM have lines of 128. A
 * class's fields come behind its superclass's, but for gaps that they fit in; the only one here is
 * filled.
 */
@SuppressWarnings("unused") // padding
public abstract class PaddedHead {
  private int gap;
  private long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;

  /** Nothing but padding. */
  protected PaddedHead() {}
}
