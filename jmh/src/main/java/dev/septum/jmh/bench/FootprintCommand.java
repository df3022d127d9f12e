package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.jmh.peers.Mix;
import dev.septum.jmh.peers.Peer;
import dev.septum.jmh.peers.PeerFootprint;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.JsonOutput;
import dev.septum.simulator.Main;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code septum bench footprint}: how much memory a mapped page takes. */
@Command(
    name = "footprint",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Measures how much of the heap a mapped page takes in Septum and in its peers: all that can be reached"
          + " from the map, by JOL, divided by the pages.",
      ""
    },
    footer = {
      "",
      "DENSE: 4K pages, one beside the other. SPARSE: 4K pages, one in each 2M. HUGE: 2M pages, one beside the"
          + " other. Septum's tables come in chunks of 8 MiB at the most, so for few pages it takes more than"
          + " it needs.",
      "",
      "Exit codes: 0 measured; 1 it failed; 2 bad usage."
    })
public final class FootprintCommand implements Callable<Integer> {
  private static final int MAX_PAGES = 1 << 20;

  @Spec private CommandSpec spec;

  @Option(
      names = "--pages",
      paramLabel = "N",
      description =
          "How many pages are mapped, at most 1048576. Default: 65536, and 1048576 where a table holds many.")
  private @Nullable Integer pages;

  @Mixin private JsonOutput json = new JsonOutput();

  /** A command that picocli fills. */
  public FootprintCommand() {}

  @Override
  public Integer call() throws BadInputException {
    ErrorLine error = new ErrorLine(spec);
    if (pages != null && (pages < 1 || pages > MAX_PAGES)) {
      throw error.invalid("--pages", "1 to " + MAX_PAGES, pages.toString());
    }
    json.check();
    Machine machine = Machine.ofThisJvm();
    error.say(machine.toString());
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    machine.put(root);
    ArrayNode results = root.putArray("footprints");
    ResultTable table = new ResultTable("peer", "mix", "pages", "bytes/page");
    for (Mix mix : Mix.values()) {
      for (Peer peer : Peer.values()) {
        PeerFootprint footprint =
            pages == null
                ? PeerFootprint.measure(peer, mix)
                : PeerFootprint.measure(peer, mix, pages);
        footprint.put(results.addObject());
        table.add(
            peer.name(),
            mix.name(),
            String.format(Locale.ROOT, "%,d", footprint.pages()),
            String.format(Locale.ROOT, "%,.1f", footprint.bytesPerPage()));
      }
    }
    return json.write(root, table::print) ? ExitCode.OK : ExitCode.FAILED;
  }
}
