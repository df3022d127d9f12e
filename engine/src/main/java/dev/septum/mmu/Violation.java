package dev.septum.mmu;

/**
 * Something that an audit found broken.
 *
 * @param rule the rule that does not hold
 * @param detail where, and what is there instead
 */
public record Violation(AuditRule rule, String detail) {
  @Override
  public String toString() {
    return rule + ": " + detail;
  }
}
