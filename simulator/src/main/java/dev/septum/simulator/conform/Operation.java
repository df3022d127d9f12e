package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.Roots;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.BadInputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The operations of scripts: the fields that each has, those that its steps have besides what all
 * steps have, and what it is in the engine's terms.
 */
enum Operation {
  /** A page fault ({@code kvm_tdp_mmu_page_fault}). */
  FAULT(
      List.of("op", "gfn", "host_level", "access", "prefetch", "ro", "private"),
      List.of("ret", "fast", "goal")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      long gfn = gfn(op, config);
      int access = op.choice("access", ACCESSES).bit();
      int hostLevel = leafLevel(op, "host_level", PageLevel.PG_4K);
      boolean prefetch = op.flag("prefetch");
      boolean writable = !op.flag("ro");
      boolean isPrivate = op.flag("private");
      if (isPrivate && !config.isTrustDomain()) {
        throw new UnsupportedException("private faults of a normal VM");
      }
      if (isPrivate && hostLevel > PageLevel.PG_4K) {
        throw new UnsupportedException("private faults above 4K"); // no record decides them
      }
      if (gfn >= config.pages()) {
        throw new UnsupportedException("faults beyond the slot (MMIO)");
      }
      return (machine, found) ->
          machine.fault(gfn, access, hostLevel, writable, prefetch, isPrivate, found);
    }
  },

  /** An access by hardware, as far as the tree allows it; faults are not handled. */
  TOUCH(List.of("op", "gfn", "access"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException {
      long gfn = gfn(op, config);
      int access = op.choice("access", ACCESSES).bit();
      return (machine, found) -> machine.touch(gfn, access, found);
    }
  },

  /** A walk that changes nothing ({@code kvm_tdp_mmu_get_walk}). */
  WALK(List.of("op", "gfn"), List.of("ret", "present", "large", "flags", "pfn")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException {
      long gfn = gfn(op, config);
      return (machine, found) -> machine.walk(gfn, found);
    }
  },

  /** A split of a range ({@code kvm_tdp_mmu_try_split_huge_pages}). */
  SPLIT(List.of("op", "start", "end", "target_level", "shared"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      GfnRange range = range(op, config);
      int target = leafLevel(op, "target_level", PageLevel.PG_4K);
      boolean exclusive = !op.flag("shared");
      return (machine, found) -> machine.split(range, target, exclusive, found);
    }
  },

  /** A merge of a range ({@code kvm_tdp_mmu_recover_huge_pages}). */
  RECOVER(List.of("op", "start", "end", "host_level"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      GfnRange range = range(op, config);
      int hostLevel = leafLevel(op, "host_level", PageLevel.PG_4K);
      return (machine, found) -> machine.recover(range, hostLevel, found);
    }
  },

  /** A zap of a range ({@code kvm_tdp_mmu_zap_leafs}), and the flush that it asks for. */
  ZAP(List.of("op", "start", "end"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      GfnRange range = range(op, config);
      return (machine, found) -> machine.zap(range, Roots.BOTH, found);
    }
  },

  /**
   * The same for the host's memory management ({@code kvm_tdp_mmu_unmap_gfn_range}). Its filter
   * chooses among the roots of a TD; a machine without a mirror has one, which every filter means.
   */
  UNMAP(List.of("op", "start", "end", "filter"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      GfnRange range = range(op, config);
      Roots which = FILTERS.get((int) op.integer("filter", 1, FILTERS.size()) - 1);
      return (machine, found) -> machine.zap(range, which, found);
    }
  },

  /** The next external operations that map or link something fail as busy. */
  EXT_FAIL(List.of("op", "n"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      if (!config.isTrustDomain()) {
        throw new UnsupportedException("an external page table of a normal VM");
      }
      int times = (int) op.integer("n", 0, Integer.MAX_VALUE);
      return (machine, found) -> machine.failExternal(times, found);
    }
  },

  /** Counts up or down what forbids large pages over a gfn. */
  DISALLOW_LPAGE(List.of("op", "gfn", "level", "add"), List.of("ret")) {
    @Override
    Call read(RecordNode op, ScriptConfig config) throws BadInputException, UnsupportedException {
      long gfn = gfn(op, config);
      int level = leafLevel(op, "level", PageLevel.PG_2M);
      boolean add = op.flag("add");
      if (gfn >= config.pages()) {
        throw new UnsupportedException("disallow_lpage beyond the slot");
      }
      return (machine, found) -> machine.disallow(gfn, level, add, found);
    }
  };

  /** One operation with its operands. */
  @FunctionalInterface
  interface Call {
    /**
     * Runs it.
     *
     * @param found where the fields of the step that are its own are put
     */
    void run(ScriptMachine machine, ObjectNode found) throws UnsupportedException;
  }

  /** By number, from 1 on: shared, private, both. */
  private static final List<Roots> FILTERS = List.of(Roots.DIRECT, Roots.MIRROR, Roots.BOTH);

  private static final Map<String, Access> ACCESSES = new LinkedHashMap<>();
  private static final Map<String, Operation> BY_NAME = new LinkedHashMap<>();

  static {
    ACCESSES.put("r", Access.READ);
    ACCESSES.put("w", Access.WRITE);
    ACCESSES.put("x", Access.EXECUTE);
    for (Operation operation : values()) {
      BY_NAME.put(operation.label, operation);
    }
  }

  private final String label = name().toLowerCase(Locale.ROOT);

  @SuppressWarnings("ImmutableEnumChecker") // a copy that nobody can change
  private final Set<String> fields;

  @SuppressWarnings("ImmutableEnumChecker") // likewise
  private final List<String> resultFields;

  Operation(List<String> fields, List<String> resultFields) {
    this.fields = Set.copyOf(fields);
    this.resultFields = List.copyOf(resultFields);
  }

  /** The kind of an operation. */
  static Operation of(RecordNode op) throws BadInputException, UnsupportedException {
    String name = op.text("op");
    Operation operation = BY_NAME.get(name);
    if (operation == null) {
      throw new UnsupportedException("operation '" + name + "'");
    }
    return operation;
  }

  /** Refuses operands that it does not have. */
  void checkFields(RecordNode op) throws UnsupportedException {
    op.checkFields("operation '" + label + "'", fields);
  }

  /** Reads the operands. */
  abstract Call read(RecordNode op, ScriptConfig config)
      throws BadInputException, UnsupportedException;

  /**
   * The fields of a step that this operation alone has, in the order in which they are compared.
   */
  List<String> resultFields() {
    return resultFields;
  }

  private static long gfn(RecordNode op, ScriptConfig config) throws BadInputException {
    return op.integer("gfn", 0, config.gfnLimit() - 1);
  }

  /** A half-open range; KVM ends it where the tree ends. */
  private static GfnRange range(RecordNode op, ScriptConfig config)
      throws BadInputException, UnsupportedException {
    long start = op.integer("start", 0, config.gfnLimit() - 1);
    long end = Math.min(op.integer("end", 0, Long.MAX_VALUE), config.gfnLimit());
    if (end <= start) {
      throw new UnsupportedException("empty ranges");
    }
    return new GfnRange(start, end);
  }

  private static int leafLevel(RecordNode op, String field, int least) throws BadInputException {
    return (int) op.integer(field, least, PageLevel.LEAF_LEVELS);
  }
}
