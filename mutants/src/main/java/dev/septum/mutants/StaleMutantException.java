package dev.septum.mutants;

/** A mutant does not fit the sources any more, or does not compile. */
final class StaleMutantException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StaleMutantException(String what) {
    super(what);
  }
}
