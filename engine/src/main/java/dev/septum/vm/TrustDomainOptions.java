package dev.septum.vm;

import dev.septum.memory.AllocationFaults;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.TdxFaults;

/**
 * What makes a machine a trust domain, and how.
 *
 * @param acceptPolicy what becomes of a mapping larger than an ACCEPT wants it
 * @param inhibitPrecheck whether an ACCEPT below a larger level looks for the inhibit mark before
 *     it takes the exclusive lock; without, each such exit takes it, as in KVM's series before
 * @param septVeDisable whether a touch of unaccepted memory exits; else the guest gets a #VE
 * @param nonBlockingResize whether the module demotes without a block; {@link AcceptPolicy#SHARED}
 *     wants it
 * @param mergesInBuild whether promotion works before the build is final, as the module allows
 * @param tracksEach whether each private page that is removed, and each table that is promoted, has
 *     a TRACK and a kick of its own, as in KVM; else those of one batch have them together
 * @param hostPages host frames of 4 KiB that are there for the guest's memory; 0 for as many as the
 *     guest can address, up to 64 Mi (256 GiB)
 * @param moduleFaults what is made to go wrong in the TDX module
 * @param allocationFaults which allocations of guest memory fail
 * @param listener who is told of what the guest does wrong
 */
public record TrustDomainOptions(
    AcceptPolicy acceptPolicy,
    boolean inhibitPrecheck,
    boolean septVeDisable,
    boolean nonBlockingResize,
    boolean mergesInBuild,
    boolean tracksEach,
    long hostPages,
    TdxFaults moduleFaults,
    AllocationFaults allocationFaults,
    GuestAnomalies.Listener listener) {

  /** EXCLUSIVE, SEPT_VE_DISABLE set, nothing going wrong, nobody told. */
  public static final TrustDomainOptions DEFAULT =
      new TrustDomainOptions(
          AcceptPolicy.EXCLUSIVE,
          true,
          true,
          false,
          false,
          false,
          0,
          TdxFaults.NONE,
          AllocationFaults.NONE,
          (kind, gpa, level, count) -> {});

  /**
   * Checks that they go together.
   *
   * @throws IllegalArgumentException if they do not
   */
  public TrustDomainOptions {
    if (acceptPolicy == AcceptPolicy.SHARED && !nonBlockingResize) {
      throw new IllegalArgumentException("the policy SHARED wants non-blocking resize");
    }
    if (hostPages < 0) {
      throw new IllegalArgumentException("host pages cannot be " + hostPages);
    }
  }

  /** The same with another policy; SHARED brings non-blocking resize. */
  public TrustDomainOptions withAcceptPolicy(AcceptPolicy policy) {
    return new TrustDomainOptions(
        policy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize || policy == AcceptPolicy.SHARED,
        mergesInBuild,
        tracksEach,
        hostPages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same, with or without a look at the inhibit mark before the lock. */
  public TrustDomainOptions withInhibitPrecheck(boolean looks) {
    return new TrustDomainOptions(
        acceptPolicy,
        looks,
        septVeDisable,
        nonBlockingResize,
        mergesInBuild,
        tracksEach,
        hostPages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same, whether or not a touch of unaccepted memory exits. */
  public TrustDomainOptions withSeptVeDisable(boolean disable) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        disable,
        nonBlockingResize,
        mergesInBuild,
        tracksEach,
        hostPages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same with faults in the module and in allocations. */
  public TrustDomainOptions withFaults(TdxFaults module, AllocationFaults allocation) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize,
        mergesInBuild,
        tracksEach,
        hostPages,
        module,
        allocation,
        listener);
  }

  /** The same with so many host frames for the guest's memory. */
  public TrustDomainOptions withHostPages(long pages) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize,
        mergesInBuild,
        tracksEach,
        pages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same, whether or not promotion works before the build is final. */
  public TrustDomainOptions withMergesInBuild(boolean merges) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize,
        merges,
        tracksEach,
        hostPages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same, whether or not each removal and each promotion is tracked on its own. */
  public TrustDomainOptions withTracksEach(boolean each) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize,
        mergesInBuild,
        each,
        hostPages,
        moduleFaults,
        allocationFaults,
        listener);
  }

  /** The same with another listener. */
  public TrustDomainOptions withListener(GuestAnomalies.Listener other) {
    return new TrustDomainOptions(
        acceptPolicy,
        inhibitPrecheck,
        septVeDisable,
        nonBlockingResize,
        mergesInBuild,
        tracksEach,
        hostPages,
        moduleFaults,
        allocationFaults,
        other);
  }
}
