package dev.septum.vm;

import dev.septum.sync.SpinWait;
import dev.septum.td.VcpuKicker;
import java.lang.invoke.VarHandle;

/**
 * The gate of the guest: brings every vCPU out of it, and keeps it out for a while.
 *
 * <p>A kick is a flush request without a range: who is in the guest leaves when it sees it. To keep
 * vCPUs out, the gate is closed first. A vCPU says that it is in, puts a full fence behind it, and
 * looks at the gate; who closes it puts a full fence behind that and looks at the vCPUs: so one of
 * them sees the other.
 */
final class VcpuGate implements VcpuKicker {
  private final TlbShootdown shootdown;
  private volatile boolean closed;

  VcpuGate(TlbShootdown shootdown) {
    this.shootdown = shootdown;
  }

  @Override
  public void kick() {
    shootdown.kick();
  }

  @Override
  public void exclude() {
    closed = true;
    VarHandle.fullFence();
    shootdown.kick();
  }

  @Override
  public void admit() {
    closed = false;
  }

  /** Whether vCPUs are kept out; one that has said it is in asks behind a full fence. */
  boolean isClosed() {
    return closed;
  }

  /** Waits, out of the guest, until vCPUs may enter. */
  void await() {
    for (int tries = 0; closed; tries++) {
      SpinWait.pause(tries);
    }
  }
}
