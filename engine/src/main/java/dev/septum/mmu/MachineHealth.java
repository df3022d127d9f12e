package dev.septum.mmu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Whether an invariant of the host was ever broken, and the first evidence of it ({@code
 * KVM_BUG_ON}).
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

  /** A sound machine. */
  public MachineHealth() {}

  /** Marks the machine as bugged; the first evidence is kept. */
  public void bug(String what) {
    EVIDENCE.compareAndSet(this, null, what);
  }

  /** The first evidence; null while the machine is sound. */
  public @Nullable String evidence() {
    return evidence;
  }

  /**
   * Refuses to go on with a bugged machine.
   *
   * @throws MachineBuggedException with the evidence
   */
  public void check() {
    String found = evidence;
    if (found != null) {
      throw new MachineBuggedException(found);
    }
  }
}
