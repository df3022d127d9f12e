package dev.septum.mmu;

/**
 * How large a mapping may be (KVM's {@code lpage_info} and host mapping level). Asked under the MMU
 * lock, by the same holder that installs; the answers change under the exclusive lock only. Must
 * not call the machine.
 */
@FunctionalInterface
public interface MappingLimits {

  /**
   * The largest level at which {@code gfn} may be mapped.
   *
   * @param gfn a guest frame number
   * @param cap the largest level of interest, at least 1
   * @return 1 to {@code cap}
   */
  int maxMappingLevel(long gfn, int cap);
}
