package dev.septum.simulator.input;

import dev.septum.paging.Access;

/** What takes a trace's accesses, in the order of the trace. */
@FunctionalInterface
interface AccessSink {
  /**
   * An access.
   *
   * @param vcpu the vCPU's number, not negative
   * @param gpa the guest-physical address, not negative
   * @throws MalformedLineException if it cannot be replayed
   */
  void access(int vcpu, Access access, long gpa) throws MalformedLineException;
}
