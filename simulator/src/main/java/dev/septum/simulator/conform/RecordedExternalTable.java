package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.septum.mmu.ExternalPageTable;
import dev.septum.paging.Spte;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The external page table of a TD as the recorder had it: notes every call, and fails the next so
 * many that map or link as busy. Removing never fails.
 */
final class RecordedExternalTable implements ExternalPageTable {
  private static final int EBUSY = -16;

  private final List<ArrayNode> calls = new ArrayList<>();
  private int failures;

  void failNext(int times) {
    failures = times;
  }

  @Override
  public Outcome set(long gfn, int level, long old, long now) {
    boolean removes = !Spte.isPresent(now);
    boolean fails = !removes && failures > 0;
    failures -= fails ? 1 : 0;
    String name = removes ? "remove_leaf" : Spte.isLeaf(now, level) ? "map_leaf" : "link_table";
    note(name, gfn, level).add(JsonNumbers.of(fails ? EBUSY : 0));
    return fails ? Outcome.BUSY : Outcome.DONE;
  }

  @Override
  public void freeTable(long gfn, int level, int table) {
    note("free_table", gfn, level);
  }

  @Override
  public void excludeVcpus() {}

  @Override
  public void admitVcpus() {}

  private ArrayNode note(String name, long gfn, int level) {
    ArrayNode call = JsonNodeFactory.instance.arrayNode();
    call.add(name).add(JsonNumbers.of(gfn)).add(JsonNumbers.of(level));
    calls.add(call);
    return call;
  }

  /** The calls since the last time, in their order. */
  ArrayNode takeCalls() {
    ArrayNode taken = JsonNodeFactory.instance.arrayNode().addAll(calls);
    calls.clear();
    return taken;
  }

  /** The same, in an order of its own: at teardown the recorder's depends on its configuration. */
  ArrayNode takeCallsSorted() {
    return sorted(takeCalls());
  }

  /** Calls in an order that does not depend on when they were made. */
  static ArrayNode sorted(ArrayNode calls) {
    List<com.fasterxml.jackson.databind.JsonNode> list = new ArrayList<>();
    calls.forEach(list::add);
    list.sort(Comparator.comparing(Object::toString));
    return JsonNodeFactory.instance.arrayNode().addAll(list);
  }
}
