package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArenaFullException;
import dev.septum.paging.TableCache;
import dev.septum.paging.TablePool;
import dev.septum.vm.OneFault.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Does an operation while the n-th thing of a kind goes wrong, for n = 0, 1, 2 and so on, until the
 * operation runs through without an n-th; and while there are n free tables, until they are enough.
 *
 * <p>After each: the audit finds nothing; each page is as it was before, or as the operation leaves
 * it; if the operation failed, it was as a whole as before, unless the scenario says that it comes
 * as far as it comes; if it did not, all is as without the fault. What failed, or was left undone,
 * is done again, without a fault: then all is as if there had been none. At last the machine gives
 * back all it had.
 */
final class FaultSweep {
  /** Points after which an operation is taken to have no end. */
  private static final int MOST_POINTS = 5_000;

  private static final String TABLES = "tables";
  private static final String NOWHERE = "none";

  private FaultSweep() {}

  /** What an operation may leave when something goes wrong. */
  enum Promise {
    /** It is done, or it has failed and nothing has changed but how memory is mapped. */
    ALL_OR_NOTHING,
    /** What fails is done for some pages. */
    AS_FAR_AS_IT_COMES,
    /** It does not fail: what cannot be done is left for the next time. */
    BEST_EFFORT
  }

  /** An operation on a machine that is made anew for each point. */
  static final class Scenario {
    final String name;
    final Promise promise;
    final Function<OneFault, SweptMachine> prepared;
    final Function<SweptMachine, Object> operation;
    private final Map<Kind, Integer> least = new EnumMap<>(Kind.class);
    private int leastTables;

    Scenario(
        String name,
        Promise promise,
        Function<OneFault, SweptMachine> prepared,
        Function<SweptMachine, Object> operation) {
      this.name = name;
      this.promise = promise;
      this.prepared = prepared;
      this.operation = operation;
    }

    /**
     * At how many points each kind strikes, at least, and for want of how many tables it fails: a
     * line of the table, as {@link #sweep} prints it. A kind that the line lacks never strikes.
     */
    Scenario expecting(String table) {
      String line =
          table
              .lines()
              .filter(any -> any.startsWith(name + ": "))
              .findAny()
              .orElseThrow(() -> new IllegalArgumentException("nothing is expected of " + name));
      String points = line.substring(name.length() + 2);
      for (String part : points.equals(NOWHERE) ? new String[0] : points.split(", ", -1)) {
        String[] words = part.split(" ", -1);
        int count = Integer.parseInt(words[1]);
        if (words[0].equals(TABLES)) {
          leastTables = count;
        } else {
          least.put(Kind.valueOf(words[0]), count);
        }
      }
      return this;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Sweeps every kind, and tables; prints how many points there were. */
  static void sweep(Scenario scenario) {
    Whole whole = new Whole(scenario);
    StringBuilder report = new StringBuilder();
    for (Kind kind : Kind.values()) {
      List<String> struck = whole.sweep(kind);
      int least = scenario.least.getOrDefault(kind, 0);
      assertTrue(
          least == 0 ? struck.isEmpty() : struck.size() >= least,
          () -> String.format("%s, %s: %d points, not %d", scenario, kind, struck.size(), least));
      report.append(struck.isEmpty() ? "" : ", " + kind + " " + struck.size());
    }
    int tables = whole.sweepTables();
    assertEquals(scenario.leastTables, tables, scenario + ": tables");
    report.append(tables == 0 ? "" : ", " + TABLES + " " + tables);
    System.out.println(scenario + ": " + (report.isEmpty() ? NOWHERE : report.substring(2)));
  }

  /** Tables that nobody else can have: they count as linked, so nobody waits for them either. */
  static final class Withheld implements AutoCloseable {
    private final TablePool pool;
    private final TableCache cache;
    private final List<Integer> tables = new ArrayList<>();

    /** Leaves a pool so many free tables. */
    Withheld(int left, TablePool pool) {
      this.pool = pool;
      cache = pool.newCache();
      for (boolean more = true; more; ) {
        more = cache.topUp(cache.available() + 1);
      }
      while (cache.available() > left) {
        tables.add(cache.take(PageLevel.PG_4K, 0));
        cache.linked();
      }
      cache.endOperation();
    }

    int count() {
      return tables.size();
    }

    @Override
    public void close() {
      tables.forEach(cache::unlinked);
      cache.close();
      pool.reclaim();
    }
  }

  /** What a scenario comes to without a fault, and whether it does so with each. */
  private static final class Whole {
    private final Scenario scenario;
    private final List<String> before;
    private final List<String> after;
    private final String shape;
    private final Object result;

    Whole(Scenario scenario) {
      this.scenario = scenario;
      SweptMachine machine = scenario.prepared.apply(new OneFault());
      before = machine.pages();
      result = scenario.operation.apply(machine);
      after = machine.pages();
      shape = machine.shape();
      machine.assertSound();
      machine.end();
    }

    List<String> sweep(Kind kind) {
      List<String> struck = new ArrayList<>();
      while (struck.size() < MOST_POINTS) {
        OneFault fault = new OneFault();
        SweptMachine machine = scenario.prepared.apply(fault);
        fault.arm(kind, struck.size());
        Object found;
        String where;
        boolean wasInterrupted;
        try {
          found = scenario.operation.apply(machine);
        } catch (TableArenaFullException | IllegalStateException e) {
          found = e;
        } finally {
          where = fault.disarm();
          wasInterrupted = Thread.interrupted();
        }
        boolean interrupts = kind == Kind.THREAD || kind == Kind.HELD;
        String point = String.format("%s, %s %d: %s", scenario, kind, struck.size(), where);
        assertEquals(interrupts && !where.isEmpty(), wasInterrupted, point + ": interrupted");
        if (interrupts || where.isEmpty()) {
          assertEquals(result, found, point);
        }
        check(point, machine, found);
        if (where.isEmpty()) {
          return struck;
        }
        struck.add(where);
      }
      throw new AssertionError(scenario + ", " + kind + ": no end; the last: " + struck.get(0));
    }

    /** Returns how many tables are enough. */
    int sweepTables() {
      for (int tables = 0; ; tables++) {
        SweptMachine machine = scenario.prepared.apply(new OneFault());
        Object found;
        try (Withheld withheld = new Withheld(tables, machine.vm.mmu().tables())) {
          assertTrue(withheld.count() > 0, scenario + ": tables without end");
          found = scenario.operation.apply(machine);
        } catch (TableArenaFullException e) {
          found = e;
        }
        check(scenario + ", " + tables + " tables", machine, found);
        if (!(found instanceof Exception)) {
          return tables;
        }
      }
    }

    private void check(String point, SweptMachine machine, Object found) {
      boolean failed = found instanceof Exception;
      try {
        machine.assertSound();
        List<String> pages = machine.pages();
        if (failed) {
          assertTrue(scenario.promise != Promise.BEST_EFFORT, "it fails: " + found);
          checkFailed(pages);
        } else if (scenario.promise != Promise.BEST_EFFORT) {
          assertEquals(result, found);
          assertEquals(after, pages);
          assertEquals(shape, machine.shape());
        } else {
          checkEach(pages);
        }
        if (failed || scenario.promise == Promise.BEST_EFFORT) {
          Object unused = scenario.operation.apply(machine);
          machine.assertSound();
          assertEquals(after, machine.pages(), "again");
          assertEquals(shape, machine.shape(), "again");
        }
        machine.end();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(point + ", " + found + ": " + e, e);
      }
    }

    private void checkFailed(List<String> pages) {
      if (scenario.promise == Promise.ALL_OR_NOTHING) {
        assertEquals(before, pages, "failed");
      } else {
        checkEach(pages);
      }
    }

    private void checkEach(List<String> pages) {
      for (int gfn = 0; gfn < pages.size(); gfn++) {
        String page = pages.get(gfn);
        boolean isEither =
            page.equals(before.get(gfn)) || gfn < after.size() && page.equals(after.get(gfn));
        int at = gfn;
        assertTrue(isEither, () -> String.format("gfn 0x%x is %s", at, page));
      }
    }
  }
}
