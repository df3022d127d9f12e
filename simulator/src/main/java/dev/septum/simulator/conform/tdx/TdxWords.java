package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.septum.paging.Geometry;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdEpochs;
import dev.septum.tdx.TdxLeaf;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the machine is and does, in the records' terms. */
final class TdxWords {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Geometry GEOMETRY = TdxMachine.GEOMETRY;

  private TdxWords() {}

  static JsonNode hex(long number) {
    return TextNode.valueOf("0x" + Long.toHexString(number));
  }

  /** The leaf function of a name without its prefix; null if it is none. */
  static @Nullable TdxLeaf leafOrNull(String op) {
    for (TdxLeaf leaf : TdxLeaf.values()) {
      String name = leaf.longName();
      if (name.equals("TDH.MEM." + op)
          || name.equals("TDH." + op)
          || name.equals("TDG.MEM." + op)) {
        return leaf;
      }
    }
    return null;
  }

  static String stateName(long entry) {
    SeptState state = SeptEntry.stateOrNull(entry);
    return state == null ? "malformed" : state.name();
  }

  /** The counts of vCPUs inside, by the parity of their epochs. */
  static ArrayNode counts(TdEpochs epochs) {
    return JSON.arrayNode().add(epochs.inside(0)).add(epochs.inside(1));
  }

  /** Adds the entry where a walk to a level ends, as far as traces tell of it. */
  static void describeEntry(ObjectNode found, TdxMachine machine, long gpa, int wanted) {
    long entry = machine.state.entry(machine.td, gpa, wanted);
    found.set("entry_level", JsonNumbers.of(machine.state.entryLevel(machine.td, gpa, wanted)));
    found.set("entry", hex(entry));
    found.put("state", stateName(entry));
  }

  /** The table that an entry names, summed up; null if it names none. */
  static JsonNode children(TdxMachine machine, long entry, int level) {
    SeptState parent = SeptEntry.stateOrNull(entry);
    if (parent == null || !parent.isNonLeaf()) {
      return NullNode.instance;
    }
    Map<String, Integer> states = new LinkedHashMap<>();
    long[] table = machine.state.table(SeptEntry.tableHpa(entry));
    long first = childHpa(table[0], level - 1);
    boolean isContiguous = true;
    int withCounter = 0;
    int locked = 0;
    int wanted = 0;
    for (int i = 0; i < table.length; i++) {
      SeptState state = SeptEntry.stateOrNull(table[i]);
      states.merge(state == null ? "?" : state.name(), 1, Integer::sum);
      isContiguous &=
          (state == null || state.isLeaf())
              && childHpa(table[i], level - 1)
                  == first + ((long) i * GEOMETRY.pages(level) << Geometry.PAGE_SHIFT);
      withCounter += SeptEntry.acceptCounter(table[i], level - 1, GEOMETRY) != 0 ? 1 : 0;
      locked += SeptEntry.isLocked(table[i]) ? 1 : 0;
      wanted += (table[i] & SeptEntry.TDHP) != 0 ? 1 : 0;
    }
    ObjectNode summary = JSON.objectNode();
    states.forEach((state, count) -> summary.set(state, JsonNumbers.of(count)));
    summary.set("contiguous", BooleanNode.valueOf(isContiguous));
    summary.set("first_hpa", hex(first));
    summary.set("accept_counter_nonzero", JsonNumbers.of(withCounter));
    summary.set("tdel_set", JsonNumbers.of(locked));
    summary.set("tdhp_set", JsonNumbers.of(wanted));
    return summary;
  }

  private static long childHpa(long entry, int level) {
    SeptState state = SeptEntry.stateOrNull(entry);
    return state == null || state.isLeaf() ? SeptEntry.pageHpa(entry, level, GEOMETRY) : 0;
  }

  /** How many of the descriptors below a larger one are in use for memory, free, and else. */
  static int[] pagesBelow(TdxMachine machine, int level, long hpa) {
    int memory = 0;
    int free = 0;
    for (int i = 0; i < TdxMachine.ENTRIES; i++) {
      PageType type =
          machine.state.pageType(
              level - 1, hpa + ((long) i * GEOMETRY.pages(level) << Geometry.PAGE_SHIFT));
      memory += type == PageType.REG ? 1 : 0;
      free += type == PageType.NDA ? 1 : 0;
    }
    return new int[] {memory, free, TdxMachine.ENTRIES - memory - free};
  }
}
