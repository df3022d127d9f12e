package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * KVM's rules for a direct root with A and D, as plainly as they can be put: objects and recursion,
 * one thread, no engine. What it answers has the form of a record. It agrees with all that was
 * recorded, so what the engine does not agree with it in, the records have not decided.
 */
final class ReferenceMmu {
  private static final int ENTRIES = 512;
  private static final int LARGEST = 3;
  private static final int MOST_RUNS = 24;
  private static final String LETTERS = "RWXUADSHM";
  private static final String WRITABLE = "WDHM";

  private final Table root;
  private final long slotEnd;
  private final long firstPfn;
  private final Map<String, Integer> forbidden = new HashMap<>();
  private final int[] pages = new int[LARGEST];
  private int freed;
  private int flushAll;
  private ArrayNode flushRanges = array();
  private int flushAllTotal;
  private int flushRangeTotal;

  ReferenceMmu(JsonNode config) {
    this.root = new Table(config.get("root_level").intValue(), 0);
    this.slotEnd = config.get("npages").longValue();
    this.firstPfn = config.get("pfn_offset").longValue();
  }

  /** A leaf: a frame and the letters of its flags, without S. */
  private record Leaf(long pfn, String flags) {
    /** A leaf with flags in the records' order, so that the same flags are equal. */
    static Leaf of(long pfn, String flags) {
      StringBuilder ordered = new StringBuilder(LETTERS);
      for (int i = ordered.length() - 1; i >= 0; i--) {
        if (flags.indexOf(ordered.charAt(i)) < 0) {
          ordered.deleteCharAt(i);
        }
      }
      return new Leaf(pfn, ordered.toString());
    }

    boolean has(char letter) {
      return flags.indexOf(letter) >= 0;
    }
  }

  /** Entries are null, a {@link Leaf} or a {@link Table}. */
  private static final class Table {
    final int level;
    final long gfn;
    final @Nullable Object[] entries = new Object[ENTRIES];

    /** The runs below, until something below changes. */
    @Nullable List<Run> runs;

    Table(int level, long gfn) {
      this.level = level;
      this.gfn = gfn;
    }

    long gfnOf(int index) {
      return gfn + index * span(level);
    }

    int indexOf(long at) {
      return (int) (at / span(level)) % ENTRIES;
    }
  }

  private record Run(long gfn, long count, int level, Leaf leaf) {
    boolean isFollowedBy(Run next) {
      long size = count * span(level);
      return next.level == level
          && next.gfn == gfn + size
          && next.leaf.pfn == leaf.pfn + size
          && next.leaf.flags.equals(leaf.flags);
    }
  }

  private static long span(int level) {
    return level == 1 ? 1 : ENTRIES * span(level - 1);
  }

  private static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** The record of a script, as if it had been recorded here. */
  static ObjectNode record(long id, ObjectNode config, List<ObjectNode> operations) {
    ReferenceMmu mmu = new ReferenceMmu(config);
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record.put("id", id).put("name", "reference-" + id).put("group", "core");
    record.set("config", config);
    record.putArray("script").addAll(operations);
    ObjectNode result = record.putObject("result");
    result.putArray("steps").addAll(operations.stream().map(mmu::step).toList());
    result.set("final", mmu.end());
    ObjectNode teardown = result.putObject("teardown");
    teardown.put("leaked_pages", 0).put("flush_all", 0).put("freed", 0);
    teardown.putArray("flush_ranges");
    teardown.putArray("dirty");
    teardown.putArray("pages").add(0).add(0).add(0);
    return record;
  }

  // Operations.

  /** Does one operation and says what a record of it says. */
  ObjectNode step(JsonNode op) {
    ObjectNode step = JsonNodeFactory.instance.objectNode();
    freed = 0;
    flushAll = 0;
    flushRanges = array();
    switch (op.get("op").asText()) {
      case "fault" -> fault(op, step);
      case "touch" -> step.put("ret", touch(op) ? "HIT" : "FAULT");
      case "walk" -> walk(op, step);
      case "split" -> {
        split(root, start(op), end(op), op.get("target_level").intValue());
        step.putNull("ret");
      }
      case "recover" -> {
        if (recover(root, start(op), end(op), op.get("host_level").intValue())) {
          flush(start(op), end(op) - start(op));
        }
        step.putNull("ret");
      }
      case "zap", "unmap" -> {
        boolean zapped = zap(root, start(op), end(op));
        flushAll += zapped ? 1 : 0;
        step.put("ret", zapped);
      }
      case "disallow_lpage" -> {
        forbidden.merge(
            block(gfn(op), op.get("level").intValue()),
            op.get("add").intValue() == 1 ? 1 : -1,
            Integer::sum);
        step.putNull("ret");
      }
      default -> throw new IllegalArgumentException("not in the core: " + op);
    }
    flushAllTotal += flushAll;
    flushRangeTotal += flushRanges.size();
    describe(step);
    return step;
  }

  private static long gfn(JsonNode op) {
    return op.get("gfn").longValue();
  }

  private static long start(JsonNode op) {
    return op.get("start").longValue();
  }

  private static long end(JsonNode op) {
    return op.get("end").longValue();
  }

  private static char access(JsonNode op) {
    return Character.toUpperCase(op.get("access").asText().charAt(0));
  }

  private void flush(long gfn, long count) {
    flushRanges.addArray().add(JsonNumbers.of(gfn)).add(JsonNumbers.of(count));
  }

  private static String block(long gfn, int level) {
    return level + ":" + gfn / span(level);
  }

  /**
   * The first level from above that slot, range and counts allow, but no more than the host has.
   */
  private int mappingLevel(long from, long to, long gfn, int hostLevel) {
    int level = LARGEST;
    while (level > 1) {
      long first = gfn / span(level) * span(level);
      boolean inside = first >= from && first + span(level) <= Math.min(to, slotEnd);
      if (inside && forbidden.getOrDefault(block(gfn, level), 0) == 0) {
        break;
      }
      level--;
    }
    return Math.min(level, hostLevel);
  }

  /** The table in which the walk to a gfn ends, and on the way all runs are forgotten. */
  private Table lastTable(long gfn) {
    Table table = root;
    table.runs = null;
    while (table.entries[table.indexOf(gfn)] instanceof Table child) {
      table = child;
      table.runs = null;
    }
    return table;
  }

  private void fault(JsonNode op, ObjectNode step) {
    long gfn = gfn(op);
    boolean prefetch = op.get("prefetch").intValue() == 1;
    Table last = lastTable(gfn);
    if (access(op) == 'W'
        && last.entries[last.indexOf(gfn)] instanceof Leaf leaf
        && leaf.has('W')) {
      step.put("ret", "SPURIOUS").put("fast", 1).put("goal", 1);
      return;
    }
    int goal = mappingLevel(0, slotEnd, gfn, op.get("host_level").intValue());
    Table table = root;
    while (table.level > goal) {
      int index = table.indexOf(gfn);
      if (table.entries[index] instanceof Leaf) {
        splitLeaf(table, index);
      } else if (table.entries[index] == null) {
        table.entries[index] = new Table(table.level - 1, table.gfnOf(index));
      }
      table = (Table) table.entries[index];
    }
    table.runs = null;
    boolean changed =
        map(table, table.indexOf(gfn), prefetch, op.get("ro").intValue() == 1, access(op));
    step.put("ret", changed ? "FIXED" : "SPURIOUS").put("fast", 0).put("goal", goal);
  }

  private boolean map(Table table, int index, boolean prefetch, boolean readOnly, char access) {
    Object old = table.entries[index];
    if (old instanceof Leaf leaf && (prefetch || leaf.has(access))) {
      return false;
    }
    String flags = (prefetch ? "RX" : "RXA") + (readOnly ? "" : WRITABLE);
    Leaf leaf = Leaf.of(firstPfn + table.gfnOf(index), flags);
    if (leaf.equals(old)) {
      return false;
    }
    table.entries[index] = leaf;
    if (old instanceof Table child) {
      free(child);
      flush(table.gfnOf(index), span(table.level));
    }
    pages[table.level - 1] += old instanceof Leaf ? 0 : 1;
    return true;
  }

  private void free(Table table) {
    freed++;
    for (Object entry : table.entries) {
      if (entry instanceof Table child) {
        free(child);
      } else if (entry != null) {
        pages[table.level - 1]--;
      }
    }
  }

  private void splitLeaf(Table table, int index) {
    Leaf huge = (Leaf) table.entries[index];
    Table small = new Table(table.level - 1, table.gfnOf(index));
    for (int i = 0; i < ENTRIES; i++) {
      small.entries[i] = new Leaf(huge.pfn + i * span(small.level), huge.flags);
    }
    table.entries[index] = small;
    pages[table.level - 1]--;
    pages[small.level - 1] += ENTRIES;
  }

  private boolean touch(JsonNode op) {
    Table table = lastTable(gfn(op));
    int index = table.indexOf(gfn(op));
    if (!(table.entries[index] instanceof Leaf leaf) || !leaf.has(access(op))) {
      return false;
    }
    table.entries[index] = Leaf.of(leaf.pfn, leaf.flags + (access(op) == 'W' ? "AD" : "A"));
    return true;
  }

  private void walk(JsonNode op, ObjectNode step) {
    Table table = lastTable(gfn(op));
    boolean present = table.entries[table.indexOf(gfn(op))] instanceof Leaf;
    step.put("ret", table.level).put("present", present ? 1 : 0);
    step.put("large", present && table.level > 1 ? 1 : 0);
    if (table.entries[table.indexOf(gfn(op))] instanceof Leaf leaf) {
      step.put("flags", letters(leaf, table.level)).set("pfn", JsonNumbers.of(leaf.pfn));
    } else {
      step.put("flags", "").put("pfn", 0);
    }
  }

  /** The indices of a table under which some of a range lies. */
  private static int[] indices(Table table, long from, long to) {
    table.runs = null;
    long first = Math.max(0, (from - table.gfn) / span(table.level));
    long end = Math.min(ENTRIES, (to - table.gfn + span(table.level) - 1) / span(table.level));
    int[] indices = new int[(int) Math.max(0, end - first)];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = (int) first + i;
    }
    return indices;
  }

  private void split(Table table, long from, long to, int target) {
    for (int index : indices(table, from, to)) {
      if (table.entries[index] instanceof Leaf && table.level > target) {
        splitLeaf(table, index);
      }
      if (table.entries[index] instanceof Table child && table.level > target + 1) {
        split(child, from, to, target);
      }
    }
  }

  private boolean recover(Table table, long from, long to, int hostLevel) {
    boolean recovered = false;
    for (int index : indices(table, from, to)) {
      if (!(table.entries[index] instanceof Table child)) {
        continue;
      }
      long gfn = table.gfnOf(index);
      Leaf first =
          gfn >= from && table.level <= mappingLevel(from, to, gfn, hostLevel)
              ? firstLeaf(child)
              : null;
      if (first != null) {
        long pfn = first.pfn / span(table.level) * span(table.level);
        table.entries[index] = new Leaf(pfn, first.flags);
        pages[table.level - 1]++;
        free(child);
        recovered = true;
      } else if (table.level > 2) {
        recovered |= recover(child, from, to, hostLevel);
      }
    }
    return recovered;
  }

  private static @Nullable Leaf firstLeaf(Table table) {
    for (Object entry : table.entries) {
      Leaf leaf =
          entry instanceof Table child
              ? firstLeaf(child)
              : entry instanceof Leaf found ? found : null;
      if (leaf != null) {
        return leaf;
      }
    }
    return null;
  }

  private boolean zap(Table table, long from, long to) {
    boolean zapped = false;
    for (int index : indices(table, from, to)) {
      if (table.entries[index] instanceof Table child) {
        zapped |= zap(child, from, to);
      } else if (table.entries[index] != null) {
        table.entries[index] = null;
        pages[table.level - 1]--;
        zapped = true;
      }
    }
    return zapped;
  }

  // Descriptions.

  private void describe(ObjectNode step) {
    step.put("flush_all", flushAll).set("flush_ranges", flushRanges);
    step.putArray("dirty");
    step.set("pages", pages());
    step.put("freed", freed).set("tables", tables());
    List<Run> runs = runs(root);
    StringBuilder lines = new StringBuilder();
    for (Run run : runs) {
      lines.append(run.gfn).append(' ').append(run.count).append(' ').append(run.level);
      lines.append(' ').append(run.leaf.pfn).append(' ').append(letters(run.leaf, run.level));
      lines.append('\n');
    }
    CRC32 crc = new CRC32();
    crc.update(lines.toString().getBytes(StandardCharsets.US_ASCII));
    step.put("runs", runs.size()).put("digest", String.format("%08x", crc.getValue()));
    if (runs.size() <= MOST_RUNS) {
      step.set("leafs", leafs(runs));
    }
  }

  /** What a record says after the last step. */
  ObjectNode end() {
    ObjectNode end = JsonNodeFactory.instance.objectNode();
    end.set("leafs", leafs(runs(root)));
    end.set("tables", tables());
    end.putArray("nonpresent");
    end.set("pages", pages());
    return end.put("flush_all_total", flushAllTotal).put("flush_range_total", flushRangeTotal);
  }

  private ArrayNode pages() {
    ArrayNode counts = array();
    for (int count : pages) {
      counts.add(count);
    }
    return counts;
  }

  private ArrayNode tables() {
    int[] byLevel = new int[5];
    countTables(root, byLevel);
    ArrayNode counts = array();
    for (int count : byLevel) {
      counts.add(count);
    }
    return counts;
  }

  private static void countTables(Table table, int[] byLevel) {
    byLevel[table.level - 1]++;
    for (Object entry : table.level == 1 ? new Object[0] : table.entries) {
      if (entry instanceof Table child) {
        countTables(child, byLevel);
      }
    }
  }

  private static List<Run> runs(Table table) {
    if (table.runs != null) {
      return table.runs;
    }
    List<Run> runs = new ArrayList<>();
    for (int index = 0; index < ENTRIES; index++) {
      if (table.entries[index] instanceof Table child) {
        runs(child).forEach(run -> append(runs, run));
      } else if (table.entries[index] instanceof Leaf leaf) {
        append(runs, new Run(table.gfnOf(index), 1, table.level, leaf));
      }
    }
    table.runs = runs;
    return runs;
  }

  private static void append(List<Run> runs, Run next) {
    int last = runs.size() - 1;
    if (last >= 0 && runs.get(last).isFollowedBy(next)) {
      Run run = runs.get(last);
      runs.set(last, new Run(run.gfn, run.count + next.count, run.level, run.leaf));
    } else {
      runs.add(next);
    }
  }

  private static ArrayNode leafs(List<Run> runs) {
    ArrayNode leafs = array();
    for (Run run : runs) {
      leafs
          .addArray()
          .add(JsonNumbers.of(run.gfn))
          .add(JsonNumbers.of(run.count))
          .add(run.level)
          .add(JsonNumbers.of(run.leaf.pfn))
          .add(letters(run.leaf, run.level));
    }
    return leafs;
  }

  private static String letters(Leaf leaf, int level) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < LETTERS.length(); i++) {
      char letter = LETTERS.charAt(i);
      if (letter == 'S' ? level > 1 : leaf.has(letter == 'U' ? 'X' : letter)) {
        letters.append(letter);
      }
    }
    return letters.toString();
  }
}
