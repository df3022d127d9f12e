package dev.septum.paging;

import java.util.StringJoiner;

/**
 * Where a kernel keeps the software bits of an EPT entry, to put any 64-bit value of it in words.
 * The hardware's bits 0 to 9 and the frame number, and the kernel's bits 11 and 63, are in one
 * place in all.
 */
public enum SpteLayout {
  /** Linux 6, and the engine's own. */
  LINUX_6("linux-6", 57, 58, 52, 54, 56, -1, -1, Spte.FROZEN),
  /** Linux 7.3, which moved bits and knows user execution. */
  LINUX_7_3("linux-7.3", 53, 55, 60, 52, 54, 62, 10, Spte.EMPTY | 0x1a0);

  private static final String[] MEMORY_TYPES = {
    "UC", "WC", "memory type 2", "memory type 3", "WT", "WP", "WB", "memory type 7"
  };
  private static final String[] AD_TYPES = {
    "", "A/D disabled", "A/D write-protect only", "A/D type 3"
  };
  private static final int AD_TYPE_MASK = 3;

  private final String label;
  private final int hostWritable;
  private final int mmuWritable;
  private final int adType;
  private final int savedRead;
  private final int savedExecute;
  private final int savedUserExecute;
  private final int userExecute;
  private final long frozen;

  SpteLayout(
      String label,
      int hostWritable,
      int mmuWritable,
      int adType,
      int savedRead,
      int savedExecute,
      int savedUserExecute,
      int userExecute,
      long frozen) {
    this.label = label;
    this.hostWritable = hostWritable;
    this.mmuWritable = mmuWritable;
    this.adType = adType;
    this.savedRead = savedRead;
    this.savedExecute = savedExecute;
    this.savedUserExecute = savedUserExecute;
    this.userExecute = userExecute;
    this.frozen = frozen;
  }

  /** {@code "linux-6"} or {@code "linux-7.3"}. */
  public String label() {
    return label;
  }

  /**
   * The layout with a label.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static SpteLayout parse(String label) {
    for (SpteLayout layout : values()) {
      if (layout.label.equals(label)) {
        return layout;
      }
    }
    throw new IllegalArgumentException(
        "expected a layout (linux-6, linux-7.3), found '" + label + "'");
  }

  /**
   * A value in words.
   *
   * @param value any 64 bits
   * @param level the level of the table that it stood in, 1 to 5
   */
  public String describe(long value, int level) {
    if (value == Spte.EMPTY) {
      return "empty";
    }
    if (value == frozen) {
      return "frozen";
    }
    boolean table = Spte.isTable(value, level);
    StringJoiner words = new StringJoiner(" ");
    words.add(kind(value, level, table));
    words.add(permissions(has(value, 0), has(value, 1), has(value, 2), has(value, userExecute)));
    if (!table) {
      int type = (int) ((value & Spte.MEMORY_TYPE_MASK) >>> Spte.MEMORY_TYPE_SHIFT);
      words.add(MEMORY_TYPES[type]);
      addIf(words, (value & Spte.IGNORE_PAT) != 0, "ignore-PAT");
    }
    addIf(words, Spte.isAccessed(value), "accessed");
    addIf(words, Spte.isDirty(value), "dirty");
    addIf(words, has(value, hostWritable), "host-writable");
    addIf(words, has(value, mmuWritable), "mmu-writable");
    int ad = (int) (value >>> adType) & AD_TYPE_MASK;
    addIf(words, ad != 0, AD_TYPES[ad]);
    boolean savedAny =
        has(value, savedRead) || has(value, savedExecute) || has(value, savedUserExecute);
    if (savedAny) {
      words.add("saved");
      words.add(
          permissions(
              has(value, savedRead),
              false,
              has(value, savedExecute),
              has(value, savedUserExecute)));
    }
    addIf(words, (value & Spte.SUPPRESS_VE) == 0, "#VE not suppressed");
    return words.toString();
  }

  private static String kind(long value, int level, boolean table) {
    if (table) {
      return String.format("table 0x%x", Spte.pfn(value));
    }
    return Spte.isPresent(value)
        ? String.format("%s leaf pfn 0x%x", PageLevel.of(level), Spte.pfn(value))
        : String.format("not present 0x%x", value);
  }

  private static boolean has(long value, int bit) {
    return bit >= 0 && ((value >>> bit) & 1) != 0;
  }

  private static void addIf(StringJoiner words, boolean condition, String word) {
    if (condition) {
      words.add(word);
    }
  }

  private static String permissions(boolean read, boolean write, boolean execute, boolean user) {
    return (read ? "R" : "-") + (write ? "W" : "-") + (execute ? "X" : "-") + (user ? "U" : "");
  }
}
