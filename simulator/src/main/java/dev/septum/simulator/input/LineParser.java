package dev.septum.simulator.input;

/** One format's way to tell of accesses. May remember earlier lines. */
interface LineParser {
  /**
   * Reads a line.
   *
   * @param line holds the line's bytes from {@code from} to before {@code to}, without its end
   * @return whether the line told of an access, or of several; otherwise it is one to skip
   * @throws MalformedLineException if it is neither
   */
  boolean parse(byte[] line, int from, int to, AccessSink sink) throws MalformedLineException;
}
