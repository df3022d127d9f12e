package dev.septum.simulator.replay;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/** Something that the host does, on a thread of its own, while vCPUs run. */
abstract class HostThread implements Runnable {
  private static final VarHandle DONE;

  static {
    try {
      DONE = MethodHandles.lookup().findVarHandle(HostThread.class, "done", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;
  private final RunState state;
  private long done;
  private volatile boolean ended;

  HostThread(String name, RunState state) {
    this.name = name;
    this.state = state;
  }

  final String name() {
    return name;
  }

  final RunState state() {
    return state;
  }

  /** Whether the vCPUs run, and all is well. */
  final boolean goesOn() {
    return !ended && !state.isStopped();
  }

  /** Counts an operation that has been done. */
  final void countDone() {
    DONE.setOpaque(this, done + 1);
  }

  /** Operations so far; exact after a join. */
  final long done() {
    return (long) DONE.getOpaque(this);
  }

  /** The vCPUs have ended. */
  final void end(Thread thread) {
    ended = true;
    LockSupport.unpark(thread);
  }
}
