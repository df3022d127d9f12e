package dev.septum.mmu;

/** An invariant of the host was broken earlier; the machine refuses more work. */
public final class MachineBuggedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  MachineBuggedException(String evidence) {
    super("the machine is bugged: " + evidence);
  }
}
