package dev.septum.jcstress.matrix;

/** What two operations meet in. */
public enum Tree {
  /** A normal VM's tree, and a trust domain's shared memory. */
  DIRECT,
  /** A trust domain's private memory: the mirror, and the Secure EPT behind it. */
  MIRROR,
  /** The lock itself. */
  LOCK
}
