package dev.septum.simulator.conform.tdx;

import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import org.jspecify.annotations.Nullable;

/** The interrupts that the recorder let come, and the calls that it made within others. */
final class RecordedFaults implements TdxFaults {
  private static final int NEVER = -1;

  private int interruptFrom = NEVER;
  private int checks;
  private @Nullable Runnable inWindow;

  /**
   * For the next call.
   *
   * @param check the first check that finds an interrupt pending, as all behind it do; none if
   *     negative
   */
  void interruptFrom(int check) {
    interruptFrom = check;
    checks = 0;
  }

  /** How many checks the last call has made. */
  int checks() {
    return checks;
  }

  /** Runs something in the window of the next call. */
  void inWindow(Runnable inner) {
    inWindow = inner;
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    checks++;
    return interruptFrom >= 0 && check >= interruptFrom;
  }

  @Override
  public void window(TdxLeaf leaf) {
    Runnable inner = inWindow;
    if (inner != null) {
      inWindow = null;
      inner.run();
    }
  }
}
