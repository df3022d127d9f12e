package dev.septum.mutants;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mutants.Hunt.Result;
import dev.septum.mutants.Hunt.Status;
import java.util.List;
import java.util.Locale;

/** What a hunt has found: as lines, as JSON, and as a page. */
final class MutantReport {
  private final List<Result> results;

  MutantReport(List<Result> results) {
    this.results = results;
  }

  long count(Status status) {
    return results.stream().filter(each -> each.status() == status).count();
  }

  /** Mutants that a check must catch. */
  long observable() {
    return results.size() - count(Status.UNOBSERVABLE);
  }

  /** A result in a line or two. */
  static String line(Result result) {
    String name = result.mutant().name();
    return switch (result.status()) {
      case CAUGHT ->
          String.format(
              Locale.ROOT,
              "%-34s caught    %5.1f s  %s",
              name,
              result.seconds(),
              result.caughtBy());
      case SURVIVED ->
          String.format(
              Locale.ROOT, "%-34s SURVIVED  %5.1f s  %s", name, result.seconds(), result.detail());
      case BROKEN -> String.format("%-34s BROKEN             %s", name, result.detail());
      case UNOBSERVABLE -> String.format("%-34s not observable here", name);
    };
  }

  /** The last line. */
  String summary() {
    long broken = count(Status.BROKEN);
    return String.format(
        "%d mutants, %d caught%s",
        observable(), count(Status.CAUGHT), broken == 0 ? "" : ", " + broken + " broken");
  }

  String json() {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("mutants", observable()).put("caught", count(Status.CAUGHT));
    root.put("survived", count(Status.SURVIVED)).put("broken", count(Status.BROKEN));
    root.put("unobservable", count(Status.UNOBSERVABLE));
    ArrayNode all = root.putArray("results");
    for (Result result : results) {
      ObjectNode node = all.addObject();
      node.put("name", result.mutant().name());
      node.put("says", result.mutant().says());
      node.put("file", result.mutant().file());
      node.put("status", result.status().name().toLowerCase(Locale.ROOT));
      Catcher by = result.caughtBy();
      if (by != null) {
        node.put("layer", by.layer().label()).put("check", by.what());
      }
      node.put("detail", result.detail());
      node.put("seconds", Math.round(result.seconds() * 10) / 10.0);
    }
    return root.toPrettyString() + "\n";
  }

  /** The page of docs. */
  String page() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Mutants

        Small, wrong variants of the engine's protocols, each with the cheapest check that fails on it. `bin/mutants` makes
        each of them, in front of the class path of that check, after the check has passed on the product as it is;
        `bin/mutants --list` says what there are, `bin/mutants --only NAME` runs one, and its text is in
        `mutants/src/main/resources`. A catch is a failed assertion, a forbidden outcome or a difference; where it
        says so, a hang. This page is written by `bin/mutants --doc docs/mutants.md`; only the seconds depend on the machine.

        """);
    page.append(String.format("%d mutants, %d caught.%n%n", observable(), count(Status.CAUGHT)));
    page.append("| mutant | what is broken | caught by | seconds |\n|---|---|---|---|\n");
    for (Result result : results) {
      if (result.status() != Status.UNOBSERVABLE) {
        page.append(row(result));
      }
    }
    if (count(Status.UNOBSERVABLE) > 0) {
      page.append(
          """

          ## Not observable here

          These weaken the mode of an access and leave the order of the program as it is. What x86 does then differs in nothing
          that another thread can see. They are compiled, and not run. The reordering that a mode forbids is a mutant above, made in
          the program.

          | mutant | what is weaker | why it is not seen |
          |---|---|---|
          """);
      for (Result result : results) {
        if (result.status() == Status.UNOBSERVABLE) {
          page.append(
              String.format(
                  "| `%s` | %s | %s |%n",
                  result.mutant().name(), result.mutant().says(), result.detail()));
        }
      }
    }
    return page.toString();
  }

  private static String row(Result result) {
    Catcher by = result.caughtBy();
    String caught = by == null ? "**" + result.status() + "**" : by.toString();
    boolean hung =
        by != null && result.mutant().hangs() && result.detail().contains("does not end");
    return String.format(
        Locale.ROOT,
        "| `%s` | %s | %s | %.1f |%n",
        result.mutant().name(),
        result.mutant().says(),
        caught + (hung ? ", a hang" : ""),
        result.seconds());
  }
}
