package dev.septum.simulator.input;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.vm.GuestAccess;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keeps a trace's accesses in order until all are read, and then deals them to vCPUs: to those of
 * the trace, or to another number of them.
 *
 * <p>Within a page the address means nothing to a page table. Until the deal its 12 bits hold the
 * number of the access's vCPU in the order of their appearance.
 */
final class TraceRecorder implements AccessSink {
  static final String WIDTH_EXPECTED =
      "an address of at most " + Geometry.MAX_ADDRESS_BITS + " bits";

  private static final int BLOCK_SHIFT = 30;
  private static final int DEALT_BLOCK = 1024;
  private static final int PAGE_MASK = (1 << Geometry.PAGE_SHIFT) - 1;

  private final long memory;
  private final boolean dealt;
  private final AccessLog order = new AccessLog();
  private final Map<Integer, Integer> owners = new HashMap<>();
  private final BitSet blocks = new BitSet();

  /** The owners of the vCPUs with small numbers, plus one; 0 where none has appeared. */
  private final int[] near = new int[Trace.MAX_VCPUS];

  private int lastBlock = -1;

  /**
   * A recorder.
   *
   * @param memory the first address that the guest does not have; 0 for no such limit
   * @param dealt whether the accesses will be dealt to a number of vCPUs of the user's
   */
  TraceRecorder(long memory, boolean dealt) {
    this.memory = memory;
    this.dealt = dealt;
  }

  @Override
  public void access(int vcpu, Access access, long gpa) throws MalformedLineException {
    if (gpa >>> Geometry.MAX_ADDRESS_BITS != 0) {
      throw new MalformedLineException(WIDTH_EXPECTED, String.format("'0x%x'", gpa));
    }
    if (memory != 0 && gpa >= memory) {
      throw new MalformedLineException(
          String.format("an address below 0x%x, where the guest's memory ends", memory),
          String.format("'0x%x'", gpa));
    }
    int owner = vcpu < near.length && near[vcpu] != 0 ? near[vcpu] - 1 : ownerOf(vcpu);
    int block = (int) (gpa >>> BLOCK_SHIFT);
    if (block != lastBlock) {
      blocks.set(block);
      lastBlock = block;
    }
    order.append(GuestAccess.of((gpa & ~PAGE_MASK) | owner, access));
  }

  private int ownerOf(int vcpu) throws MalformedLineException {
    Integer known = owners.get(vcpu);
    if (known != null) {
      return known;
    }
    int owner = owners.size();
    if (owner >= Trace.MAX_VCPUS && !dealt) {
      throw new MalformedLineException(
          "at most " + Trace.MAX_VCPUS + " different vCPUs (--vcpus N deals all accesses to N)",
          "one more, '" + vcpu + "'");
    }
    owner = Math.min(owner, PAGE_MASK); // beyond the most vCPUs there are, it is never asked for
    owners.put(vcpu, owner);
    if (vcpu < near.length) {
      near[vcpu] = owner + 1;
    }
    return owner;
  }

  /** Accesses so far. */
  long accesses() {
    return order.size();
  }

  /** Different vCPUs so far. */
  int vcpus() {
    return owners.size();
  }

  /** The numbers of the 1 GiB blocks that have been touched. */
  BitSet touchedBlocks() {
    return blocks;
  }

  /**
   * Gives the accesses away.
   *
   * @param wanted how many vCPUs; 0 for those of the trace
   * @return what each vCPU does, by their numbers
   */
  List<VcpuStream> deal(int wanted) {
    return wanted == 0 || wanted == owners.size() ? dealToOwners() : dealInBlocks(wanted);
  }

  private List<VcpuStream> dealToOwners() {
    AccessLog[] logs = newLogs(owners.size());
    order.drain(packed -> logs[(int) GuestAccess.gpa(packed) & PAGE_MASK].append(packed));
    List<VcpuStream> streams = new ArrayList<>();
    new TreeMap<>(owners).forEach((vcpu, owner) -> streams.add(new VcpuStream(vcpu, logs[owner])));
    return streams;
  }

  /** Blocks of lines, round-robin; in a short trace smaller ones, so that every vCPU has some. */
  private List<VcpuStream> dealInBlocks(int vcpus) {
    long block = Math.max(1, Math.min(DEALT_BLOCK, order.size() / vcpus));
    AccessLog[] logs = newLogs(vcpus);
    order.drain(
        new AccessLog.Visitor() {
          private int vcpu;
          private long left = block;

          @Override
          public void access(long packed) {
            if (left == 0) {
              vcpu = vcpu + 1 == vcpus ? 0 : vcpu + 1;
              left = block;
            }
            left--;
            logs[vcpu].append(packed);
          }
        });
    List<VcpuStream> streams = new ArrayList<>();
    for (int vcpu = 0; vcpu < vcpus; vcpu++) {
      streams.add(new VcpuStream(vcpu, logs[vcpu]));
    }
    return streams;
  }

  private static AccessLog[] newLogs(int count) {
    AccessLog[] logs = new AccessLog[count];
    for (int i = 0; i < count; i++) {
      logs[i] = new AccessLog();
    }
    return logs;
  }
}
