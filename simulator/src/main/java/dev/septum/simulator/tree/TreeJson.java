package dev.septum.simulator.tree;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A view for programs. Frames are numbers; an empty entry is null; a normal VM's rows have no
 * {@code mirror}, {@code sept} and {@code agrees}.
 */
public final class TreeJson {
  private TreeJson() {}

  /** Puts a view into a node. */
  public static void put(ObjectNode node, TreeView view) {
    if (view.range() != null) {
      node.putObject("range").put("start", view.range().start()).put("end", view.range().end());
    }
    ArrayNode rows = node.putArray("rows");
    view.rows().forEach(row -> put(rows.addObject(), row));
    node.put("moreRows", view.moreRows()).put("disagreeing", view.disagreeing());
  }

  private static void put(ObjectNode node, TreeRow row) {
    node.put("start", row.start()).put("end", row.end());
    put(node, "direct", row.direct());
    if (row.mirror() != null && row.sept() != null) {
      put(node, "mirror", row.mirror());
      put(node, "sept", row.sept());
      node.put("agrees", row.agrees());
    }
    PageMemory memory = row.memory();
    node.put("memory", memory.kind().toString());
    ArrayNode inhibited = node.putArray("inhibited");
    memory.inhibited().forEach(level -> inhibited.add(level.toString()));
    node.put("backing", memory.backing() == null ? null : memory.backing().toString())
        .put("hole", memory.isHole());
  }

  private static void put(ObjectNode node, String tree, TreeEntry entry) {
    if (entry.isEmpty()) {
      node.putNull(tree);
      return;
    }
    ObjectNode shown = node.putObject(tree);
    shown
        .put("level", entry.size().toString())
        .put("count", entry.count())
        .put("words", entry.words());
    if (entry.hasPfn()) {
      shown.put("pfn", entry.pfn());
    }
  }
}
