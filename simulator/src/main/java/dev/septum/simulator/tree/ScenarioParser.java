package dev.septum.simulator.tree;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.MachineKind;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.TdxLeaf;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * From a line to what it does. {@code septum tree --help} shows the language.
 *
 * <p>A line is checked whole before anything runs; only whether the machine has such memory shows
 * when it is run.
 */
final class ScenarioParser {
  private static final List<TdxLeaf> LEAVES =
      List.of(
          TdxLeaf.MEM_RANGE_BLOCK,
          TdxLeaf.MEM_RANGE_UNBLOCK,
          TdxLeaf.MEM_PAGE_REMOVE,
          TdxLeaf.MEM_SEPT_RD);
  private static final int MOST_VCPUS = 64;

  private ScenarioParser() {}

  /** What a line does, which is not empty. */
  static Function<ScenarioMachine, String> parse(ScenarioWords words) throws BadInputException {
    Function<ScenarioMachine, String> action = operation(words);
    words.end();
    return action;
  }

  private static Function<ScenarioMachine, String> operation(ScenarioWords words)
      throws BadInputException {
    if (words.next("machine")) {
      MachineOptions options = machine(words);
      return machine -> machine.begin(options);
    } else if (words.next("finalize")) {
      return ScenarioMachine::finalizeBuild;
    } else if (words.next("audit")) {
      return ScenarioMachine::audit;
    } else if (words.next("print")) {
      GfnRange range = words.hasNext() ? words.range() : null;
      return machine -> machine.print(range);
    } else if (words.next("vcpu")) {
      int number = (int) words.number("a vCPU number", 0, MOST_VCPUS - 1);
      return machine -> machine.use(number);
    } else if (words.next("add")) {
      long gfn = words.gfn();
      long value = value(words);
      return machine -> machine.add(gfn, value);
    } else if (words.next("seamcall")) {
      TdxLeaf leaf = words.oneOf("a leaf function", LEAVES, TdxLeaf::longName);
      long gfn = words.gfn();
      PageLevel level = words.level();
      return machine -> machine.seamcall(leaf, gfn, level);
    }
    Function<ScenarioMachine, String> guest = ofGuest(words);
    return guest != null ? guest : ofHost(words);
  }

  /** What a guest does; null if it is something else. */
  private static @Nullable Function<ScenarioMachine, String> ofGuest(ScenarioWords words)
      throws BadInputException {
    if (words.next("accept")) {
      long gfn = words.gfn();
      PageLevel level = words.level();
      return machine -> machine.accept(gfn, level);
    } else if (words.next("touch")) {
      long gfn = words.gfn();
      Access access = words.access();
      boolean shared = words.next("shared");
      return machine -> machine.touch(gfn, access, shared);
    } else if (words.next("store")) {
      long gfn = words.gfn();
      long value = value(words);
      boolean shared = words.next("shared");
      return machine -> machine.store(gfn, value, shared);
    } else if (words.next("load")) {
      long gfn = words.gfn();
      boolean shared = words.next("shared");
      return machine -> machine.load(gfn, shared);
    }
    return null;
  }

  /** What a host does with a range. */
  private static Function<ScenarioMachine, String> ofHost(ScenarioWords words)
      throws BadInputException {
    RangeOperation operation =
        words.oneOf("an operation", List.of(RangeOperation.values()), RangeOperation::toString);
    GfnRange range = words.range();
    PageLevel level = operation.wantsLevel() ? words.level() : PageLevel.LEVEL_4K;
    return machine -> machine.change(operation, range, level);
  }

  private static long value(ScenarioWords words) throws BadInputException {
    return words.number("a number", 0, Long.MAX_VALUE);
  }

  private static MachineOptions machine(ScenarioWords words) throws BadInputException {
    MachineOptions options =
        MachineOptions.of(
            words.oneOf("a kind", List.of(MachineKind.values()), MachineKind::toString));
    while (words.hasNext()) {
      if (words.next("memory")) {
        options = options.withMemory(words.size());
      } else if (words.next("backing")) {
        options = options.withBacking(words.level());
      } else if (words.next("policy")) {
        options =
            options.withPolicy(
                words.oneOf("a policy", List.of(AcceptPolicy.values()), AcceptPolicy::name));
      } else if (words.next("ve")) {
        options = options.withVe();
      } else if (words.next("vcpus")) {
        options = options.withVcpus((int) words.number("1 to " + MOST_VCPUS, 1, MOST_VCPUS));
      } else {
        throw words.expected("memory, backing, policy, ve or vcpus");
      }
    }
    return options;
  }
}
