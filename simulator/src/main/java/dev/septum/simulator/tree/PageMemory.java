package dev.septum.simulator.tree;

import dev.septum.paging.PageLevel;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is behind guest frames, whatever is mapped.
 *
 * @param kind of what kind they are
 * @param inhibited the sizes that the guest's ACCEPTs inhibit there
 * @param backing the pages that the host has them in; null where there is no slot
 * @param isHole whether guest_memfd has no page there
 */
record PageMemory(
    Kind kind, List<PageLevel> inhibited, @Nullable PageLevel backing, boolean isHole) {
  /** Kinds of memory. */
  enum Kind {
    /** A normal VM's. */
    NORMAL,
    /** A trust domain's, shared with its host. */
    SHARED,
    /** A trust domain's own. */
    PRIVATE,
    /** No slot is there. */
    NONE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final PageMemory NONE = new PageMemory(Kind.NONE, List.of(), null, false);

  String inhibitText() {
    return inhibited.isEmpty()
        ? "-"
        : String.join(" ", inhibited.stream().map(l -> "" + l).toList());
  }

  String backingText() {
    return backing == null ? "-" : backing + (isHole ? " hole" : "");
  }
}
