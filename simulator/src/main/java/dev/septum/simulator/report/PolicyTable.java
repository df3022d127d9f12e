package dev.septum.simulator.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.replay.PageCounts;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.simulator.replay.TrustDomainResult;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;

/**
 * Guests and policies compared: a row for each run in a trust domain. The columns are the same as
 * text, as CSV and as JSON.
 */
public final class PolicyTable {
  private static final List<String> KEYS = List.of("guest", "faultSplit", "promote");
  private static final List<Column> COLUMNS =
      List.of(
          new Column("exits", PolicyTable::exits),
          new Column("retries", TrustDomainResult::busyRetries),
          new Column("splits", TrustDomainResult::demotes),
          new Column("merges", TrustDomainResult::promotes),
          new Column("refused", TrustDomainResult::promoteRefused),
          new Column("kicks", TrustDomainResult::kicks),
          new Column("exclusive", TrustDomainResult::exclusiveAcquisitions),
          new Column("inhibits", TrustDomainResult::inhibits),
          new Column("endless", TrustDomainResult::endlessViolations),
          new Column("lostData", TrustDomainResult::lostData));

  private static final String SHARE = "share2M";
  private static final double PERCENT = 100;

  private final List<Row> rows = new ArrayList<>();

  /** A table without rows. */
  public PolicyTable() {}

  /** A column of counts. */
  private record Column(String label, ToLongFunction<TrustDomainResult> count) {}

  private record Row(TrustDomainPlan plan, TrustDomainResult td, double seconds) {
    List<String> keys() {
      return List.of(plan.guest().toString(), plan.policy(), plan.promotion());
    }

    /** How much of the private memory is mapped by pages of 2M or larger, in percent. */
    double share() {
      long small = small(td.accepted()) + small(td.pending());
      long all = td.accepted().bytes() + td.pending().bytes();
      return all == 0 ? 0 : PERCENT * (all - small) / all;
    }

    private static long small(PageCounts counts) {
      return counts.bytes(PageLevel.LEVEL_4K);
    }
  }

  private static long exits(TrustDomainResult td) {
    return td.exits().values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Adds a run.
   *
   * @param result of a trust domain
   */
  public void add(ReplayResult result) {
    rows.add(
        new Row(
            Objects.requireNonNull(result.plan().trustDomain()),
            Objects.requireNonNull(result.trustDomain()),
            result.seconds()));
  }

  /** Prints it in aligned columns. */
  public void print(PrintWriter out) {
    out.printf(Locale.ROOT, "%-9s %-10s %-7s", "guest", "split", "promote");
    for (Column column : COLUMNS) {
      out.printf(Locale.ROOT, " %10s", column.label);
    }
    out.printf(Locale.ROOT, " %7s %8s%n", "2M %", "seconds");
    for (Row row : rows) {
      out.printf(Locale.ROOT, "%-9s %-10s %-7s", row.keys().toArray());
      for (Column column : COLUMNS) {
        out.printf(Locale.ROOT, " %10s", Numbers.grouped(column.count.applyAsLong(row.td)));
      }
      out.printf(Locale.ROOT, " %7.1f %8.2f%n", row.share(), row.seconds);
    }
    out.flush();
  }

  /** The table as CSV, with a line of names; no value wants quotes. */
  public String csv() {
    StringBuilder text = new StringBuilder(String.join(",", KEYS));
    for (Column column : COLUMNS) {
      text.append(',').append(column.label);
    }
    text.append(',').append(SHARE).append(",seconds\n");
    for (Row row : rows) {
      text.append(String.join(",", row.keys()));
      for (Column column : COLUMNS) {
        text.append(',').append(column.count.applyAsLong(row.td));
      }
      text.append(String.format(Locale.ROOT, ",%.2f,%.3f\n", row.share(), row.seconds));
    }
    return text.toString();
  }

  /** The table as JSON: {@code runs}, with a number for each column. */
  public String json(Map<String, ?> about) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    about.forEach((what, value) -> root.put(what, value.toString()));
    for (Row row : rows) {
      ObjectNode node = root.withArray("runs").addObject();
      for (int key = 0; key < KEYS.size(); key++) {
        node.put(KEYS.get(key), row.keys().get(key));
      }
      for (Column column : COLUMNS) {
        node.put(column.label, column.count.applyAsLong(row.td));
      }
      node.put(SHARE, row.share()).put("seconds", row.seconds);
    }
    return JsonReport.text(root);
  }
}
