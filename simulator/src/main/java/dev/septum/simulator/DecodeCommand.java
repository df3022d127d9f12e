package dev.septum.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.PageLevel;
import dev.septum.paging.SpteLayout;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code septum decode}: entries of a page table, put in words. */
@Command(
    name = "decode",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {"Says in words what entries of a page table (SPTEs) hold.", ""},
    footer = {"", "Exit codes: 0 done; 2 bad usage."})
public final class DecodeCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "VALUE",
      converter = Entry.class,
      description = "Entries in hexadecimal, with or without 0x.")
  private List<Long> values = List.of();

  @Option(
      names = "--level",
      paramLabel = "SIZE",
      defaultValue = "4k",
      converter = OneOf.LeafLevel.class,
      completionCandidates = OneOf.LeafLevel.class,
      description =
          "What a leaf in their table maps: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private PageLevel level = PageLevel.LEVEL_4K;

  @Option(
      names = "--layout",
      paramLabel = "KERNEL",
      defaultValue = "linux-6",
      converter = OneOf.Layout.class,
      completionCandidates = OneOf.Layout.class,
      description =
          "The kernel whose software bits they have: ${COMPLETION-CANDIDATES}."
              + " Default: ${DEFAULT-VALUE}.")
  private SpteLayout layout = SpteLayout.LINUX_6;

  @Option(names = "--json", description = "Prints JSON.")
  private boolean json;

  /** A command that picocli fills. */
  public DecodeCommand() {}

  @Override
  public Integer call() throws JsonProcessingException {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree()));
    } else {
      for (long value : values) {
        out.println(shown(value) + ": " + words(value));
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private ObjectNode tree() {
    ObjectNode root =
        MAPPER
            .createObjectNode()
            .put("layout", layout.label())
            .put("level", level.label().toLowerCase(Locale.ROOT));
    ArrayNode entries = root.putArray("entries");
    for (long value : values) {
      entries.addObject().put("value", shown(value)).put("words", words(value));
    }
    return root;
  }

  private static String shown(long value) {
    return "0x" + Long.toHexString(value);
  }

  private String words(long value) {
    return layout.describe(value, level.number());
  }

  /** 64 bits in hexadecimal. */
  static final class Entry implements ITypeConverter<Long> {
    private static final int HEX = 16;

    @Override
    public Long convert(String text) {
      boolean marked = text.startsWith("0x") || text.startsWith("0X");
      String digits = marked ? text.substring(2) : text;
      if (!digits.matches("\\p{XDigit}+")) {
        throw new TypeConversionException("expected an entry in hexadecimal, found '" + text + "'");
      }
      try {
        return Long.parseUnsignedLong(digits, HEX);
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "expected an entry of at most 64 bits, found '" + text + "'");
      }
    }
  }
}
