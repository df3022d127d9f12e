package dev.septum.paging;

import java.util.StringJoiner;

/** Any 64-bit value, read as an entry in Linux 6's layout, in words. */
final class SpteText {
  private static final String[] MEMORY_TYPES = {
    "UC", "WC", "memory type 2", "memory type 3", "WT", "WP", "WB", "memory type 7"
  };
  private static final String[] AD_TYPES = {
    "", "A/D disabled", "A/D write-protect only", "A/D type 3"
  };

  private SpteText() {}

  static String describe(long entry, int level) {
    if (entry == Spte.EMPTY) {
      return "empty";
    }
    if (Spte.isFrozen(entry)) {
      return "frozen";
    }
    StringJoiner words = new StringJoiner(" ");
    if (Spte.isTable(entry, level)) {
      words.add("table").add(String.format("0x%x", Spte.pfn(entry)));
    } else if (Spte.isPresent(entry)) {
      words.add(PageLevel.of(level).label()).add("leaf");
      words.add(String.format("pfn 0x%x", Spte.pfn(entry)));
    } else {
      words.add("not present").add(String.format("0x%x", entry));
    }
    words.add(permissions(entry, Spte.READ, Spte.WRITE, Spte.EXECUTE));
    if (!Spte.isTable(entry, level)) {
      words.add(MEMORY_TYPES[(int) ((entry & Spte.MEMORY_TYPE_MASK) >>> Spte.MEMORY_TYPE_SHIFT)]);
      addIf(words, entry, Spte.IGNORE_PAT, "ignore-PAT");
    }
    addIf(words, entry, Spte.ACCESSED, "accessed");
    addIf(words, entry, Spte.DIRTY, "dirty");
    addIf(words, entry, Spte.HOST_WRITABLE, "host-writable");
    addIf(words, entry, Spte.MMU_WRITABLE, "mmu-writable");
    int adType = (int) ((entry & Spte.AD_TYPE_MASK) >>> Spte.AD_TYPE_SHIFT);
    if (adType != 0) {
      words.add(AD_TYPES[adType]);
    }
    if ((entry & (Spte.SAVED_READ | Spte.SAVED_EXECUTE)) != 0) {
      words.add("saved").add(permissions(entry, Spte.SAVED_READ, 0, Spte.SAVED_EXECUTE));
    }
    if ((entry & Spte.SUPPRESS_VE) == 0) {
      words.add("#VE not suppressed");
    }
    return words.toString();
  }

  private static void addIf(StringJoiner words, long entry, long bit, String word) {
    if ((entry & bit) != 0) {
      words.add(word);
    }
  }

  private static String permissions(long entry, long read, long write, long execute) {
    return ((entry & read) != 0 ? "R" : "-")
        + ((entry & write) != 0 ? "W" : "-")
        + ((entry & execute) != 0 ? "X" : "-");
  }
}
