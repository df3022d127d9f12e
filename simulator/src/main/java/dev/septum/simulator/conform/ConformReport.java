package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What became of the records of a file. */
final class ConformReport {
  private static final int LEAST_WIDTH = 8;

  private final String file;
  private final RecordReplay replay;
  private final @Nullable String only;
  private final Map<String, Tally> byGroup = new LinkedHashMap<>();
  private final Tally all = new Tally();
  private final List<Difference> differences = new ArrayList<>();
  private final Map<String, Integer> unsupportedReasons = new TreeMap<>();

  /**
   * A report of nothing yet.
   *
   * @param only the group that was asked for; null for all
   */
  ConformReport(String file, RecordReplay replay, @Nullable String only) {
    this.file = file;
    this.replay = replay;
    this.only = only;
  }

  private static final class Tally {
    private int records;
    private int agree;
    private int differ;
    private int unsupported;
    private long steps;

    void add(Verdict verdict) {
      records++;
      steps += verdict.steps();
      if (verdict instanceof Verdict.Agree) {
        agree++;
      } else if (verdict instanceof Verdict.Differ) {
        differ++;
      } else {
        unsupported++;
      }
    }

    void describe(ObjectNode json, String nouns) {
      json.put(nouns, records);
      json.put("agree", agree);
      json.put("differ", differ);
      json.put("unsupported", unsupported);
      json.put("steps", steps);
    }
  }

  void add(String group, Verdict verdict) {
    all.add(verdict);
    byGroup.computeIfAbsent(group, g -> new Tally()).add(verdict);
    if (verdict instanceof Verdict.Differ differ) {
      differences.add(differ.difference());
    } else if (verdict instanceof Verdict.Unsupported unsupported) {
      unsupportedReasons.merge(unsupported.reason(), 1, Integer::sum);
    }
  }

  int records() {
    return all.records;
  }

  /** Whether there were records, and all of them agree. */
  boolean isConform() {
    return all.records > 0 && all.agree == all.records;
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("file", file);
    json.put("group", groupLabel());
    all.describe(json, nouns());
    ObjectNode groups = json.putObject("byGroup");
    byGroup.forEach((group, tally) -> tally.describe(groups.putObject(group), nouns()));
    ArrayNode list = json.putArray("differences");
    differences.forEach(difference -> list.add(difference.toJson()));
    ObjectNode reasons = json.putObject("unsupportedReasons");
    unsupportedReasons.forEach(reasons::put);
    return json;
  }

  private String nouns() {
    return replay.noun() + "s";
  }

  private String groupLabel() {
    return only == null ? "all" : only;
  }

  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Records of %s, group %s, against %s%n%n",
        file,
        groupLabel(),
        replay.against());
    int width = byGroup.keySet().stream().mapToInt(String::length).max().orElse(0);
    String row = "  %-" + Math.max(width, LEAST_WIDTH) + "s %8s %8s %8s %12s %8s%n";
    out.printf(Locale.ROOT, row, "group", nouns(), "agree", "differ", "unsupported", "steps");
    byGroup.forEach((group, tally) -> print(out, row, group, tally));
    if (byGroup.size() > 1) {
      print(out, row, "all", all);
    }
    if (!differences.isEmpty()) {
      out.printf(Locale.ROOT, "%nThe first step and field that differ (steps count from 0):%n");
      differences.forEach(difference -> out.printf(Locale.ROOT, "  %s%n", difference));
    }
    if (!unsupportedReasons.isEmpty()) {
      out.printf(Locale.ROOT, "%nUnsupported, by the first reason of each %s:%n", replay.noun());
      unsupportedReasons.entrySet().stream()
          .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
          .forEach(
              reason -> out.printf(Locale.ROOT, "  %5d  %s%n", reason.getValue(), reason.getKey()));
    }
    out.printf(Locale.ROOT, "%n%d of %d agree%n", all.agree, all.records);
    out.flush();
  }

  private static void print(PrintWriter out, String row, String label, Tally tally) {
    out.printf(
        Locale.ROOT,
        row,
        label,
        tally.records,
        tally.agree,
        tally.differ,
        tally.unsupported,
        tally.steps);
  }
}
