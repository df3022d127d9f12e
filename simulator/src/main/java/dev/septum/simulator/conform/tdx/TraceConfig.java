package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.Geometry;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.ModuleVersion;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLock;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The machine that a trace runs on, and the memory that it uses.
 *
 * @param regions 2M of host memory each
 * @param firstTablePage the first of {@code tablePages} pages in a row for tables
 */
record TraceConfig(
    OpState opState,
    boolean pendingVeDisabled,
    long gpaBase,
    List<Long> regions,
    long firstTablePage,
    int tablePages,
    int children) {
  /** The entries of level 1 that a trace works on. */
  static final int DIRECTORY_ENTRIES = 3;

  static final long LARGE_PAGE = 1L << 21;

  private static final Pattern TABLE_PAGES =
      Pattern.compile("0x([0-9a-f]{1,12})\\+i\\*0x1000,i<([0-9]{1,3})");
  private static final int TABLES = 2;
  private static final int MOST_CHILDREN = 64;

  static TraceConfig read(RecordNode record) throws BadInputException, UnsupportedException {
    OpState opState = opState(record, "init_op_state");
    if (!record.field("sept_levels_prebuilt").json().toString().equals("[3,2]")) {
      throw new UnsupportedException("tables that are there from the start but at levels 3 and 2");
    }
    RecordNode pages = record.field("sept_pages");
    Matcher matcher = TABLE_PAGES.matcher(record.text("sept_pages"));
    if (!matcher.matches()) {
      throw pages.unexpected("pages as 0x...+i*0x1000,i<n");
    }
    int least = TdxMachine.leastControlPages() + TABLES;
    return new TraceConfig(
        opState,
        record.truth("pending_ve_disable"),
        record.hex("gpa_base"),
        record.hexes("regions_2m"),
        Long.parseLong(matcher.group(1), 16),
        Integer.parseInt(matcher.group(2)),
        (int) record.integer("initial_chldcnt", least, MOST_CHILDREN));
  }

  /** A field that is an operation state. */
  static OpState opState(RecordNode record, String field)
      throws BadInputException, UnsupportedException {
    String name = record.text(field);
    for (OpState opState : OpState.values()) {
      if (opState.name().equals(name)) {
        return opState;
      }
    }
    throw new UnsupportedException("operation state " + name);
  }

  TdxMachine newMachine(ModuleVersion version) {
    TdxMachine machine = new TdxMachine(version, opState, pendingVeDisabled, children - TABLES);
    for (int level = TdxMachine.TOP; level > TdxMachine.TOP - TABLES; level--) {
      machine.addTable(gpaBase, level, SeptState.NL_MAPPED, TdxMachine.tableBelow(level));
    }
    return machine;
  }

  void describeEnd(TdxMachine machine, ObjectNode found) {
    ArrayNode entries = found.putArray("pdes");
    for (int i = 0; i < DIRECTORY_ENTRIES; i++) {
      long entry = machine.state.entry(machine.td, gpaBase + i * LARGE_PAGE, 1);
      ObjectNode described = entries.addObject();
      described.set("raw", TdxWords.hex(entry));
      described.put("state", TdxWords.stateName(entry));
      described.set("children", TdxWords.children(machine, entry, 1));
    }
    ArrayNode described = found.putArray("regions");
    regions.forEach(region -> described.add(describeRegion(machine, region)));
    ArrayNode tables = found.putArray("sept_pages");
    for (int i = 0; i < tablePages; i++) {
      long hpa = firstTablePage + ((long) i << Geometry.PAGE_SHIFT);
      tables.add(machine.state.pageType(0, hpa).name());
    }
    found.set("chldcnt", JsonNumbers.of(machine.td.childCount()));
    found.put("op_state", machine.td.opState().name());
    found
        .putArray("locks")
        .add(machine.state.lock(machine.td, TdxLock.SEPT_TREE))
        .add(machine.state.lock(machine.td, TdxLock.OP_STATE))
        .add(machine.state.pageLock(0, TdxMachine.TDR));
  }

  private static JsonNode describeRegion(TdxMachine machine, long region) {
    int[] counts = TdxWords.pagesBelow(machine, 1, region);
    ObjectNode described = JsonNodeFactory.instance.objectNode();
    described.put("pt2m", machine.state.pageType(1, region).name());
    described.set("reg4k", JsonNumbers.of(counts[0]));
    described.set("nda4k", JsonNumbers.of(counts[1]));
    described.set("other4k", JsonNumbers.of(counts[2]));
    return described;
  }
}
