package dev.septum.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.replay.BootPattern;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code septum boot-pattern}: what the lock-free look at the inhibit mark saves. */
@Command(
    name = "boot-pattern",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Makes the single-page ACCEPTs that a Linux TD was seen to make at boot where 2M would be possible"
          + " (512 and 506 pages of two blocks; a region converted again and again, one gfn 974 times), and"
          + " counts how often they take the MMU's lock alone: without and with the lock-free look at the"
          + " inhibit mark. Beside it, what Linux counted in a whole boot.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 sound; 1 the audit failed, or the JSON cannot be written; 2 bad usage."
    })
public final class BootPatternCommand implements Callable<Integer> {
  @Mixin private JsonOutput json = new JsonOutput();

  /** A command that picocli fills. */
  public BootPatternCommand() {}

  @Override
  public Integer call() throws BadInputException {
    json.check();
    BootPattern.Result without = BootPattern.run(false);
    BootPattern.Result with = BootPattern.run(true);
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    put(root.putObject("without"), without, BootPattern.LINUX_WITHOUT);
    put(root.putObject("with"), with, BootPattern.LINUX_WITH);
    boolean isWritten = json.write(root, out -> print(out, without, with));
    return isWritten && without.violations() + with.violations() == 0
        ? ExitCode.OK
        : ExitCode.FAILED;
  }

  private static void print(PrintWriter out, BootPattern.Result without, BootPattern.Result with) {
    out.printf(
        "%-8s %9s %9s %9s %22s %7s%n",
        "precheck", "accepts", "exits", "inhibits", "exclusive acquisitions", "Linux");
    print(out, "without", without, BootPattern.LINUX_WITHOUT);
    print(out, "with", with, BootPattern.LINUX_WITH);
  }

  private static void print(PrintWriter out, String name, BootPattern.Result boot, int linux) {
    out.printf(
        Locale.ROOT,
        "%-8s %,9d %,9d %,9d %,22d %,7d%n",
        name,
        boot.accepts(),
        boot.exits(),
        boot.inhibits(),
        boot.exclusiveAcquisitions(),
        linux);
  }

  private static void put(ObjectNode node, BootPattern.Result boot, int linux) {
    node.put("accepts", boot.accepts())
        .put("exits", boot.exits())
        .put("inhibits", boot.inhibits())
        .put("exclusiveAcquisitions", boot.exclusiveAcquisitions())
        .put("linux", linux)
        .put("violations", boot.violations());
  }
}
