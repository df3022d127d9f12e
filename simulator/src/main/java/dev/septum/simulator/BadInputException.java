package dev.septum.simulator;

/** The user's input cannot be worked with. The message is all that the user is told: one line. */
public final class BadInputException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * Bad input.
   *
   * @param message where it is and what is wrong with it
   */
  public BadInputException(String message) {
    super(message);
  }
}
