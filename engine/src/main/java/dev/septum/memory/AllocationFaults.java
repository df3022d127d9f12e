package dev.septum.memory;

/**
 * Decides which allocations of guest memory fail for want of memory. Called by many threads at
 * once, with a lock held: must not block.
 */
@FunctionalInterface
public interface AllocationFaults {
  /** Memory is never short. */
  AllocationFaults NONE = () -> false;

  /** Whether the allocation that is about to be made fails. Nothing has changed yet. */
  boolean fails();
}
