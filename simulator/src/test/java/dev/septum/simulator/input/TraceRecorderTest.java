package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.vm.GuestAccess;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which vCPU gets which accesses. */
class TraceRecorderTest {
  private static final int BLOCK = 1024;

  @Test
  void asManyVcpusAsRecordedKeepTheirAccesses() throws Exception {
    for (int wanted : new int[] {0, 3}) {
      List<VcpuStream> streams = recorded(30, 3).deal(wanted);
      assertEquals(3, streams.size());
      for (int vcpu = 0; vcpu < 3; vcpu++) {
        assertEquals(vcpu * 10, streams.get(vcpu).vcpu());
        assertEquals(10, streams.get(vcpu).log().size());
        for (int i = 0; i < 10; i++) {
          assertEquals(3 * i + vcpu, GuestAccess.gfn(streams.get(vcpu).log().get(i)));
        }
      }
    }
  }

  @Test
  void anotherNumberOfVcpusGetsBlocksOfLinesInTurn() throws Exception {
    List<VcpuStream> streams = recorded(5 * BLOCK + 1, 4).deal(2);
    assertEquals(0, streams.get(0).vcpu());
    assertEquals(1, streams.get(1).vcpu());
    assertEquals(3 * BLOCK, streams.get(0).log().size());
    assertEquals(2 * BLOCK + 1, streams.get(1).log().size());
    assertEquals(BLOCK - 1, GuestAccess.gfn(streams.get(0).log().get(BLOCK - 1)));
    assertEquals(BLOCK, GuestAccess.gfn(streams.get(1).log().get(0)));
    assertEquals(2 * BLOCK, GuestAccess.gfn(streams.get(0).log().get(BLOCK)));
  }

  @Test
  void everyVcpuGetsSomethingOfShortTrace() throws Exception {
    for (VcpuStream stream : recorded(100, 4).deal(64)) {
      assertTrue(stream.log().size() >= 1);
    }
  }

  @Test
  void oneBlockOfOneGibibyteIsTouchedForEachPartOfTheAddressSpace() throws Exception {
    TraceRecorder recorder = new TraceRecorder(0, false);
    recorder.access(0, Access.READ, 0);
    recorder.access(0, Access.READ, (1L << 30) - 1);
    recorder.access(0, Access.WRITE, 1L << 30);
    recorder.access(0, Access.WRITE, (1L << 52) - 1);
    assertEquals("{0, 1, 4194303}", recorder.touchedBlocks().toString());
  }

  @Test
  void logKeepsItsOrderOverChunks() {
    AccessLog log = new AccessLog();
    int size = 100_000;
    for (int i = 0; i < size; i++) {
      log.append(i);
      assertEquals(i + 1, log.size());
    }
    int at = 0;
    for (int chunk = 0; chunk < log.chunks(); chunk++) {
      for (int i = 0; i < log.used(chunk); i++) {
        assertEquals(at, log.chunk(chunk)[i]);
        assertEquals(at, log.get(at));
        at++;
      }
    }
    assertEquals(size, at);
  }

  /** Page i is touched by vCPU i modulo the number of them, times 10. */
  private static TraceRecorder recorded(int accesses, int vcpus) throws MalformedLineException {
    TraceRecorder recorder = new TraceRecorder(0, true);
    for (int i = 0; i < accesses; i++) {
      recorder.access(i % vcpus * 10, Access.READ, (long) i << 12 | 0xabc);
    }
    assertEquals(vcpus, recorder.vcpus());
    return recorder;
  }
}
