package dev.septum.mutants;

/**
 * A check that must fail on a mutant.
 *
 * @param what the test, or the arguments of the command
 */
record Catcher(Layer layer, String what) {
  private static final String SIMULATOR = "dev.septum.simulator.";

  /** The module that a JUnit test belongs to. */
  String module() {
    return what.startsWith(SIMULATOR) ? "simulator" : "engine";
  }

  @Override
  public String toString() {
    String shown =
        layer != Layer.CONFORM
            ? what.replaceFirst("\\(.*", "").replaceFirst("^[a-z0-9.]*\\.", "").replace('#', '.')
            : what.replaceAll("\\S*/", ""); // the folders of files
    return layer.label() + " " + shown;
  }
}
