package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.RecordFiles;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.RecordReplay;
import dev.septum.simulator.conform.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What was recorded of Intel's TDX module 1.5.01: resources of the tests. */
public final class TdxRecords {
  private TdxRecords() {}

  /** The file of the traces. */
  public static Path traceFile() {
    return RecordFiles.beside(TdxRecords.class, "tdx-module-1.5.01-traces.jsonl.gz");
  }

  /** The file of the cases. */
  public static Path caseFile() {
    return RecordFiles.beside(TdxRecords.class, "tdx-module-1.5.01-cases.jsonl.gz");
  }

  /** All traces, in order. */
  public static List<ObjectNode> traces() {
    return RecordFiles.read(traceFile());
  }

  /** All cases, in order. */
  public static List<ObjectNode> cases() {
    return RecordFiles.read(caseFile());
  }

  /** Replays a record as the command does. */
  static Verdict replay(RecordReplay replay, ObjectNode record) {
    try {
      byte[] line = RecordFiles.MAPPER.writeValueAsBytes(record);
      return replay.read(RecordNode.parse("test:1", line)).replay();
    } catch (IOException | BadInputException e) {
      throw new AssertionError(record.toString(), e);
    }
  }
}
