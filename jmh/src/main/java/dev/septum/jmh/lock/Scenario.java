package dev.septum.jmh.lock;

/** Who has the lock, and who waits for it. */
public enum Scenario {
  /** One thread takes it alone, now and then, while one faults without a rest. */
  EXCLUSIVE_UNDER_1(1, 0),
  /** The same while two fault. */
  EXCLUSIVE_UNDER_2(2, 0),
  /** The same while sixteen do: a storm of readers. */
  EXCLUSIVE_UNDER_16(16, 0),
  /** One faults while one zaps 1 GiB of 4K pages, yielding; the faults meanwhile are measured. */
  FAULT_UNDER_ZAP(1, 1),
  /** The same, while two fault. */
  FAULTS_UNDER_ZAP(2, 1),
  /** One faults while two zap: a storm of writers. */
  FAULT_UNDER_2_ZAPS(1, 2);

  /** Threads that fault. */
  final int faulters;

  /** Threads that zap; if there are none, exclusive holds are measured. */
  final int zappers;

  Scenario(int faulters, int zappers) {
    this.faulters = faulters;
    this.zappers = zappers;
  }
}
