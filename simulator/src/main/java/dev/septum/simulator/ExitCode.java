package dev.septum.simulator;

/** How the simulator ends. */
public final class ExitCode {
  /** Everything asked for was done, and found sound. */
  public static final int OK = 0;

  /** The run or its audit failed. */
  public static final int FAILED = 1;

  /** The command line or an input file is wrong; nothing was run. */
  public static final int USAGE = 2;

  private ExitCode() {}
}
