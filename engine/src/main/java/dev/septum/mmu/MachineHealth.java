package dev.septum.mmu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Whether the machine may be used: not once it is closed, nor once an invariant of the host was
 * found broken ({@code KVM_BUG_ON}); then the first evidence is kept.
 */
public final class MachineHealth {
  private static final VarHandle EVIDENCE;

  static {
    try {
      EVIDENCE =
          MethodHandles.lookup().findVarHandle(MachineHealth.class, "evidence", String.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile @Nullable String evidence;
  private volatile boolean closed;

  /** Closed or bugged: written behind the reason, so that the hot paths read one field. */
  private volatile boolean unusable;

  /** A sound machine. */
  public MachineHealth() {}

  /** Marks the machine as bugged; the first evidence is kept. */
  public void bug(String what) {
    EVIDENCE.compareAndSet(this, null, what);
    unusable = true;
  }

  /** The first evidence; null while the machine is sound. */
  public @Nullable String evidence() {
    return evidence;
  }

  /** Marks the machine as closed. */
  void close() {
    closed = true;
    unusable = true;
  }

  /** Whether the machine was closed. */
  public boolean isClosed() {
    return closed;
  }

  /** Whether the machine is neither closed nor bugged. */
  boolean isUsable() {
    return !unusable;
  }

  /**
   * Refuses to go on with a machine that is closed or bugged.
   *
   * @throws IllegalStateException if it is closed
   * @throws MachineBuggedException with the evidence, if it is bugged
   */
  public void check() {
    if (unusable) {
      refuse();
    }
  }

  private void refuse() {
    if (closed) {
      throw new IllegalStateException("the machine is closed");
    }
    String found = evidence;
    if (found != null) {
      throw new MachineBuggedException(found);
    }
  }
}
