package dev.septum.vm;

/** Shows stress tests the gate of a trust domain's guest, which is its room's own. */
public final class GuestGate {
  private GuestGate() {}

  /** Brings every vCPU out of the guest, and keeps it out. */
  public static void close(VirtualMachine vm) {
    vm.trustDomain().gate().exclude();
  }

  /** Lets vCPUs in again. */
  public static void open(VirtualMachine vm) {
    vm.trustDomain().gate().admit();
  }
}
