package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.MmuOptions;
import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What was recorded of Linux 7.3.4: a resource of the tests. */
final class Records {
  static final ObjectMapper MAPPER = RecordFiles.MAPPER;
  private static final String RESOURCE = "kvm-7.3.4.jsonl.gz";

  private static final List<ObjectNode> RECORDS = RecordFiles.read(file());

  private Records() {}

  /** The file itself. */
  static Path file() {
    return RecordFiles.beside(Records.class, RESOURCE);
  }

  /** Copies of all records, in order. */
  static List<ObjectNode> all() {
    return RECORDS.stream().map(ObjectNode::deepCopy).toList();
  }

  /** Copies of the scripts of one group. */
  static List<ObjectNode> ofGroup(String group) {
    return all().stream().filter(r -> r.get("group").asText().equals(group)).toList();
  }

  /** A copy of the script of a name. */
  static ObjectNode named(String name) {
    return RECORDS.stream()
        .filter(r -> r.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .deepCopy();
  }

  /** Replays a record as the command does, or in other ways. */
  static Verdict replay(ObjectNode record, MmuOptions options) {
    try {
      byte[] line = MAPPER.writeValueAsBytes(record);
      return new ScriptReplay(options).replay(Script.read(RecordNode.parse("test:1", line)));
    } catch (IOException | BadInputException e) {
      throw new AssertionError(record.path("name").asText(), e);
    }
  }
}
