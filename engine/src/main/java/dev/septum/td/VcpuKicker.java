package dev.septum.td;

/**
 * Brings vCPUs out of the guest (KVM's {@code kvm_make_all_cpus_request}).
 *
 * <p>A vCPU counts as in the guest from before its TDH.VP.ENTER until after its TD exit. One that
 * is out is not waited for: it may be waiting for the MMU lock, which the caller may hold. Any
 * number of threads may kick at once; one excludes at a time, under the exclusive MMU lock or
 * before the TD has run.
 */
public interface VcpuKicker {
  /** No vCPU ever runs. */
  VcpuKicker NONE =
      new VcpuKicker() {
        @Override
        public void kick() {}

        @Override
        public void exclude() {}

        @Override
        public void admit() {}
      };

  /**
   * Brings every vCPU that is in the guest out of it, at least once. Blocking: returns when each
   * has been out at some time since the call began; it may be in again by then.
   */
  void kick();

  /**
   * The same, and none enters again until {@link #admit}. Does not nest. Between the two, {@link
   * #kick} returns at once.
   */
  void exclude();

  /** Ends {@link #exclude}. */
  void admit();
}
