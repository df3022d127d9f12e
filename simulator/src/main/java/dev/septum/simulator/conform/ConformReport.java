package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What became of the scripts of a file. */
final class ConformReport {
  private final String file;
  private final @Nullable ScriptGroup only;
  private final Map<ScriptGroup, Tally> byGroup = new EnumMap<>(ScriptGroup.class);
  private final Tally all = new Tally();
  private final List<Difference> differences = new ArrayList<>();
  private final Map<String, Integer> unsupportedReasons = new TreeMap<>();

  /**
   * A report of nothing yet.
   *
   * @param only the group that was asked for; null for all
   */
  ConformReport(String file, @Nullable ScriptGroup only) {
    this.file = file;
    this.only = only;
  }

  private static final class Tally {
    private int scripts;
    private int agree;
    private int differ;
    private int unsupported;
    private long steps;

    void add(Verdict verdict) {
      scripts++;
      steps += verdict.steps();
      if (verdict instanceof Verdict.Agree) {
        agree++;
      } else if (verdict instanceof Verdict.Differ) {
        differ++;
      } else {
        unsupported++;
      }
    }

    void describe(ObjectNode json) {
      json.put("scripts", scripts);
      json.put("agree", agree);
      json.put("differ", differ);
      json.put("unsupported", unsupported);
      json.put("steps", steps);
    }
  }

  void add(ScriptGroup group, Verdict verdict) {
    all.add(verdict);
    byGroup.computeIfAbsent(group, g -> new Tally()).add(verdict);
    if (verdict instanceof Verdict.Differ differ) {
      differences.add(differ.difference());
    } else if (verdict instanceof Verdict.Unsupported unsupported) {
      unsupportedReasons.merge(unsupported.reason(), 1, Integer::sum);
    }
  }

  int scripts() {
    return all.scripts;
  }

  /** Whether there were scripts, and all of them agree. */
  boolean isConform() {
    return all.scripts > 0 && all.agree == all.scripts;
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("file", file);
    json.put("group", groupLabel());
    all.describe(json);
    ObjectNode groups = json.putObject("byGroup");
    byGroup.forEach((group, tally) -> tally.describe(groups.putObject(group.label())));
    ArrayNode list = json.putArray("differences");
    differences.forEach(difference -> list.add(difference.toJson()));
    ObjectNode reasons = json.putObject("unsupportedReasons");
    unsupportedReasons.forEach(reasons::put);
    return json;
  }

  private String groupLabel() {
    return only == null ? "all" : only.label();
  }

  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Records of %s, group %s, against the engine in KVM's ways%n%n",
        file,
        groupLabel());
    String row = "  %-8s %8s %8s %8s %12s %8s%n";
    out.printf(Locale.ROOT, row, "group", "scripts", "agree", "differ", "unsupported", "steps");
    byGroup.forEach((group, tally) -> print(out, row, group.label(), tally));
    if (byGroup.size() > 1) {
      print(out, row, "all", all);
    }
    if (!differences.isEmpty()) {
      out.printf(Locale.ROOT, "%nThe first step and field that differ (steps count from 0):%n");
      differences.forEach(difference -> out.printf(Locale.ROOT, "  %s%n", difference));
    }
    if (!unsupportedReasons.isEmpty()) {
      out.printf(Locale.ROOT, "%nUnsupported, by the first reason of each script:%n");
      unsupportedReasons.entrySet().stream()
          .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
          .forEach(
              reason -> out.printf(Locale.ROOT, "  %5d  %s%n", reason.getValue(), reason.getKey()));
    }
    out.printf(Locale.ROOT, "%n%d of %d agree%n", all.agree, all.scripts);
    out.flush();
  }

  private static void print(PrintWriter out, String row, String label, Tally tally) {
    out.printf(
        Locale.ROOT,
        row,
        label,
        tally.scripts,
        tally.agree,
        tally.differ,
        tally.unsupported,
        tally.steps);
  }
}
