package dev.septum.tdx;

/**
 * The module has found its own structures broken, and has shut down. Its message is the evidence.
 * No sequence of legal calls leads here.
 */
public final class ModuleFatalException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  ModuleFatalException(String evidence) {
    super(evidence);
  }
}
