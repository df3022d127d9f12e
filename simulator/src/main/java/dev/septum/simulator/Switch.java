package dev.septum.simulator;

/** What is off or on. */
enum Switch {
  /** Not done. */
  OFF,
  /** Done. */
  ON
}
