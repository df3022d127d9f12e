package dev.septum.simulator;

import java.util.List;

/** The kinds of machine that are to run, one after the other. */
enum MachineChoice {
  /** A normal VM alone. */
  NORMAL,
  /** A trust domain alone. */
  TD,
  /** A machine of each kind. */
  BOTH;

  List<MachineKind> kinds() {
    return switch (this) {
      case NORMAL -> List.of(MachineKind.NORMAL);
      case TD -> List.of(MachineKind.TD);
      case BOTH -> List.of(MachineKind.values());
    };
  }
}
