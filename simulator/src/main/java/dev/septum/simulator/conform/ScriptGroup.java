package dev.septum.simulator.conform;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What of an MMU a script needs. */
enum ScriptGroup {
  /** A direct root, with accessed and dirty flags. */
  CORE,
  /** The two roots of a TD. */
  MIRROR,
  /** Anything else. */
  FULL;

  /** All groups by their labels. */
  static final Map<String, ScriptGroup> BY_LABEL = new LinkedHashMap<>();

  static {
    for (ScriptGroup group : values()) {
      BY_LABEL.put(group.label(), group);
    }
  }

  /** As the records and the command line have it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
