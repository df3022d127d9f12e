package dev.septum.tdx;

/**
 * Something that does not hold of the module.
 *
 * @param rule what should hold
 * @param what where, and what was found
 */
public record ModuleViolation(ModuleRule rule, String what) {
  @Override
  public String toString() {
    return rule + ": " + what;
  }
}
