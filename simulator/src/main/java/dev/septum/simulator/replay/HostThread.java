package dev.septum.simulator.replay;

import java.util.concurrent.locks.LockSupport;

/** Something that the host does, on a thread of its own, while vCPUs run. */
abstract class HostThread implements Runnable {
  private final String name;
  private final RunState state;
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

  /** The vCPUs have ended. */
  final void end(Thread thread) {
    ended = true;
    LockSupport.unpark(thread);
  }
}
