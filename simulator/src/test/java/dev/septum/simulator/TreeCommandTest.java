package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code septum tree} as a user meets it: scenarios, replays, messages, JSON. */
final class TreeCommandTest {
  private static final String ROOM = "/dev/septum/simulator/tree/";

  @TempDir Path directory;

  private String out = "";
  private String err = "";

  // Scenarios.

  @ParameterizedTest
  @ValueSource(strings = {"zap-in-2m", "mixed-accepts", "ve-guest"})
  void aShippedScenarioPrintsExactlyThis(String name) throws Exception {
    assertEquals(0, run("tree", "--scenario", name));
    try (InputStream expected = getClass().getResourceAsStream(ROOM + name + ".txt")) {
      assertEquals(new String(expected.readAllBytes(), StandardCharsets.UTF_8), out);
    }
    assertEquals("", err);
    assertTrue(out.lines().allMatch(line -> line.length() <= 160), out);
    assertTrue(out.endsWith("audit                                  clean\n"), out);
  }

  @Test
  void theSampleOfTheReadmeIsOfOne() throws Exception {
    String readme = Files.readString(Path.of("..", "README.md"));
    int from = readme.indexOf("  16  accept 0x205 4k");
    String sample = readme.substring(from, readme.indexOf("```", from));
    assertEquals(0, run("tree", "--scenario", "ve-guest"));
    assertTrue(out.contains(sample), sample);
  }

  @Test
  void theJsonSaysWhatTheTextSays() throws Exception {
    Path json = directory.resolve("out.json");
    assertEquals(0, run("tree", "--scenario", "mixed-accepts", "--json", json.toString()));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals("mixed-accepts.scenario", root.at("/source").textValue());
    JsonNode steps = root.at("/steps");
    JsonNode accept = steps.get(10);
    assertEquals("accept 0x205 4k", accept.at("/operation").textValue());
    assertEquals("TDX_SUCCESS", accept.at("/result").textValue());
    assertEquals(1, accept.at("/counts/PAGE.DEMOTE").longValue());
    JsonNode rows = steps.get(11).at("/tree/rows");
    assertEquals(3, rows.size());
    JsonNode first = rows.get(0);
    assertEquals(0x200, first.at("/start").longValue());
    assertEquals(0x205, first.at("/end").longValue());
    assertTrue(first.at("/direct").isNull());
    assertEquals("4K", first.at("/mirror/level").textValue());
    assertEquals(5, first.at("/mirror/count").longValue());
    assertEquals(0x480200, first.at("/mirror/pfn").longValue());
    assertEquals("PENDING", first.at("/sept/words").textValue());
    assertEquals("MAPPED", rows.get(1).at("/sept/words").textValue());
    assertTrue(first.at("/agrees").booleanValue());
    assertEquals("private", first.at("/memory").textValue());
    assertEquals("2M", first.at("/inhibited/0").textValue());
    assertEquals("2M", first.at("/backing").textValue());
    assertFalse(first.at("/hole").booleanValue());
    String withFile = out;
    assertEquals(0, run("tree", "--scenario", "mixed-accepts", "--json", "-"));
    assertEquals(root, new ObjectMapper().readTree(out));
    assertEquals(0, run("tree", "--scenario", "mixed-accepts"));
    assertEquals(withFile, out);
  }

  @Test
  void aBlockBehindTheHostsBackIsADisagreement() throws Exception {
    script(
        0,
        """
        private 0x0+1024
        finalize
        accept 0x0 2m
        accept 0x200 4k
        print
        seamcall TDH.MEM.RANGE.BLOCK 0x0 2m
        seamcall TDH.MEM.RANGE.BLOCK 0x200 2m
        print 0x100-0x204
        """);
    assertEquals(
        """
              ! 0x100-0x200  -       2M 0x480000 RWX A D  2M 0x480000 BLOCKED  private  -        2M
              ! 0x200-0x201  -       4K 0x480200 RWX A D  2M NL_BLOCKED        private  2M       2M
              ! 0x201-0x204  -       3x4K empty           2M NL_BLOCKED        private  2M       2M
              ! mirror and S-EPT disagree in 3 of the rows
        """,
        out.substring(out.indexOf("      ! 0x100")));
    assertEquals(4, out.lines().filter(line -> line.contains("!")).count(), out);
  }

  @Test
  void aBuggedMachineIsShownAndFailsTheCommand() throws Exception {
    Path json = directory.resolve("out.json");
    String text =
        """
        private 0x0+8
        add 0x1 7
        add 0x2 8
        seamcall TDH.MEM.PAGE.REMOVE 0x1 4k
        finalize
        zap 0x1+1
        load 0x2
        print 0x1+2
        """;
    script(1, text, "--json", json.toString());
    String evidence = "TDH.MEM.RANGE.BLOCK of gpa 0x1000 at 4K: TDX_EPT_ENTRY_STATE_INCORRECT|RCX";
    assertTrue(err.startsWith("septum: the machine is bugged: " + evidence), err);
    assertEquals(
        2, out.lines().filter(line -> line.contains("refused: the machine is bug")).count());
    assertEquals(
        """
              ! 0x1-0x2  -       4K 0x480001 RWX A D  4K FREE             private  -        4K
                0x2-0x3  -       4K 0x480002 RWX A D  4K 0x480002 MAPPED  private  -        4K
              ! mirror and S-EPT disagree in 1 of the rows
        """,
        out.substring(out.indexOf("      ! 0x1")));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertTrue(root.at("/bugged").textValue().startsWith(evidence), out);
    assertEquals(1, root.at("/steps/7/tree/disagreeing").longValue());
    assertFalse(root.at("/steps/7/tree/rows/0/agrees").booleanValue());
  }

  @Test
  void sharedMemoryHolesAndWhatNoSlotHasAreShown() throws Exception {
    script(
        0,
        """
        machine td memory 4M
        private 0x0-0x200
        finalize
        accept 0x0 2m
        shared 0x3-0x5
        touch 0x3 w shared
        punch 0x8+8
        touch 0x200 r shared
        print 0x0-0x500
        """);
    assertEquals(
        """
                gfns         direct               mirror                   S-EPT                   memory   inhibit  backing
                0x0-0x3      -                    3x4K 0x480000 RWX A D    3x4K 0x480000 MAPPED    private  -        4K
                0x3-0x4      4K 0x480003 RWX A D  -                        -                       shared   -        4K
                0x4-0x5      -                    -                        -                       shared   -        4K
                0x5-0x8      -                    3x4K 0x480005 RWX A D    3x4K 0x480005 MAPPED    private  -        4K
                0x8-0x10     -                    -                        -                       private  -        4K hole
                0x10-0x200   -                    496x4K 0x480010 RWX A D  496x4K 0x480010 MAPPED  private  -        4K
                0x200-0x400  2M 0x480200 RWX A    -                        -                       shared   -        2M
                0x400-0x500  -                    -                        -                       none     -        -
        """,
        out.substring(out.indexOf("        gfns")));
  }

  @Test
  void whatIsNotPrintedIsPrintedAtTheEnd() throws Exception {
    script(0, "machine normal memory 2M\ntouch 0x7 r\n", "--range", "0x0+16");
    assertEquals(
        """
           1  machine normal memory 2M               begins
           2  touch 0x7 r                            made
         end  print
                gfns      direct             backing
                0x0-0x10  2M 0x100000 RWX A  2M
        """,
        out);
    script(0, "finalize\n");
    assertTrue(out.endsWith("nothing is mapped\n"), out);
  }

  @Test
  void whatTheMachineRefusesIsAResult() throws Exception {
    script(0, "accept 0x0 2m\nmachine normal\naccept 0x0 2m\n");
    assertTrue(out.contains("refused: the TD's build is not final"), out);
    assertTrue(out.contains("refused: this machine is a normal VM, not a trust domain"), out);
  }

  @Test
  void aBuildIsMadePageByPage() throws Exception {
    script(0, "private 0x0+4\nadd 0x1 7\nfinalize\nload 0x1\nvcpu 1\nload 0x1\nprint 0x0+4\n");
    assertEquals(2, out.lines().filter(line -> line.matches(" +\\d+  load 0x1 +7")).count(), out);
    assertTrue(out.contains("0x1-0x2  -       4K 0x480001 RWX"), out);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "fly 0x0 | expected an operation (private or shared or punch or zap or prefault or trim or promote or merge or split), found 'fly'",
        "zap | expected a value, found the end of the line",
        "zap 0x0 | expected a range of gfns (0x200-0x400, 2M-4M, 0x200+512, 2M+2M), found '0x0'",
        "zap 10-20 | expected a range of gfns (0x200-0x400, 2M-4M, 0x200+512, 2M+2M), found '10-20'",
        "zap 0x9-0x9 | expected a range that is not empty, found '0x9-0x9'",
        "zap 5000K+1 now | expected the end of the line, found 'now'",
        "promote 0x0+512 | expected a size (4K or 2M or 1G), found the end of the line",
        "promote 0x0+512 8k | expected a size (4K or 2M or 1G), found '8k'",
        "accept 12 4k | expected a gfn (0x200) or an address (2M), found '12'",
        "touch 0x1 q | expected r, w or x, found 'q'",
        "touch 0x1 w private | expected the end of the line, found 'private'",
        "store 0x1 -5 | expected a number, found '-5'",
        "vcpu 64 | expected a vCPU number, found '64'",
        "machine tdx | expected a kind (normal or td), found 'tdx'",
        "machine td policy no | expected a policy (IGNORE or EXCLUSIVE or SHARED), found 'no'",
        "machine td size 2M | expected memory, backing, policy, ve or vcpus, found 'size'",
        "machine td memory 5000 | expected a multiple of 4096 bytes, found '5000'",
        "seamcall TDH.MEM.TRACK 0x0 4k | expected a leaf function (TDH.MEM.RANGE.BLOCK or TDH.MEM.RANGE.UNBLOCK or TDH.MEM.PAGE.REMOVE or TDH.MEM.SEPT.RD), found 'TDH.MEM.TRACK'",
      })
  void aBadLineIsSaidWithItsPlaceBeforeAnythingRuns(String line, String message) throws Exception {
    Path file = script(2, "finalize # fine\n\n" + line + "\n");
    assertEquals("", out);
    assertEquals(file + ":3: " + message, err.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "private 1G+1 | 'private 1G+1': gfn 0x40000 is in no memory slot",
        "vcpu 2 | 'vcpu 2': there are 2 vCPUs",
        "add 0x3 7 | 'add 0x3 7': gfn 0x3 is no private memory of a slot",
        "print 0x0-0x1000000000 | 'print 0x0-0x1000000000':",
      })
  void whatTheMachineDoesNotHaveIsBadInput(String line, String message) throws Exception {
    Path file = script(2, "machine td\n" + line + "\n");
    assertTrue(err.startsWith(file + ":2: " + message), err);
  }

  @Test
  void aScenarioComesFromTheStandardInputToo() {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream("finalize\nzap\n".getBytes(StandardCharsets.UTF_8)));
      assertEquals(2, run("tree", "--script", "-"));
      assertTrue(err.startsWith("<stdin>:2: "), err);
    } finally {
      System.setIn(before);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--range 0x0 | Invalid value for option '--range': expected a range of gfns (0x200-0x400, 2M-4M, 0x200+512, 2M+2M), found '0x0'",
        "--range 0x0-0x2000000000 | Invalid value for option '--range': expected gfns below 0x1000000000, found '[0x0, 0x2000000000)'",
        "--vm td --range 0x0-0x1000000000 | Invalid value for option '--range': expected gfns below 0x800000000, found '[0x0, 0x1000000000)'",
        "--limit 0 | Invalid value for option '--limit': expected 1 to 2147483647, found '0'",
        "--scenario none | Invalid value for option '--scenario': expected zap-in-2m or mixed-accepts or ve-guest, found 'none'",
        "--scenario ve-guest --vm td | --vm is a replay's, not a scenario's",
        "--script a --guest ve --vm td | --guest is a replay's, not a scenario's",
        "--script a --scenario ve-guest | --script and --scenario exclude each other",
        "--convert 1 | --convert wants --vm td",
        "--repeat 0 | Invalid value for option '--repeat': expected 1 to 2147483647, found '0'",
      })
  void badOptionIsSaidInOneLine(String options, String message) {
    assertEquals(2, run(("tree " + options).split(" ")));
    assertEquals("", out);
    assertEquals("septum: " + message + " (see 'septum tree --help')", err.strip());
  }

  @Test
  void aFileThatIsNoScenarioIsBadInput() throws Exception {
    Path file = script(2, "# nothing\n");
    assertEquals(file + ": expected operations, found none", err.strip());
    assertEquals(2, run("tree", "--script", file.toString(), "--json", file.toString()));
    assertEquals(file + ": is the scenario itself", err.strip());
    assertEquals("# nothing\n", Files.readString(file));
    assertEquals(2, run("tree", "--script", directory.resolve("none").toString()));
    assertEquals(directory.resolve("none") + ": no such file", err.strip());
    assertEquals(2, run("tree", "--script", ""));
    assertEquals(2, run("tree", "--script", directory.toString()));
    assertEquals(directory + ": is a directory, not a scenario", err.strip());
  }

  // Replays.

  private static final String TRACE = "0 W 0\n0 R 1000\n1 W 5000\n1 W 203000\n0 R 600000\n";

  @Test
  void aReplayOfANormalVmLeavesOneTree() throws Exception {
    Path trace = Files.writeString(directory.resolve("a.trace"), TRACE);
    String options = "tree -q --backing 4k --memory 8M --seed 1 --trace ";
    assertEquals(0, run((options + trace).split(" ")));
    assertTrue(out.startsWith(trace + ": 5 accesses, seed 1\n"), out);
    assertEquals(
        """
          gfns         direct               backing
          0x0-0x1      4K 0x100000 RWX A D  4K
          0x1-0x2      4K 0x100001 RWX A    4K
          0x5-0x6      4K 0x100005 RWX A D  4K
          0x203-0x204  4K 0x100203 RWX A D  4K
          0x600-0x601  4K 0x100600 RWX A    4K
        """,
        out.substring(out.indexOf('\n') + 1));
  }

  @Test
  void aReplayInATrustDomainLeavesThree() throws Exception {
    Path trace = Files.writeString(directory.resolve("a.trace"), TRACE);
    Path json = directory.resolve("out.json");
    String options = "tree -q --vm td --guest ve --memory 8M --limit 2 --range 0x0+1024 --trace ";
    assertEquals(0, run((options + trace + " --json " + json).split(" ")));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals(0, root.at("/violations").longValue());
    assertEquals(0, root.at("/tree/disagreeing").longValue());
    assertEquals(2, root.at("/tree/rows").size());
    assertEquals(4, root.at("/tree/moreRows").longValue());
    assertEquals(
        """
          gfns     direct  mirror                 S-EPT                  memory   inhibit  backing
          0x0-0x2  -       2x4K 0x480000 RWX A D  2x4K 0x480000 MAPPED   private  2M       2M
          0x2-0x5  -       3x4K 0x480002 RWX A D  3x4K 0x480002 PENDING  private  2M       2M
        and 4 more rows (--limit)
        """,
        out.substring(out.indexOf('\n') + 1));
  }

  @Test
  void aReplayThatFailsShowsItsTreesAllTheSame() throws Exception {
    assertEquals(1, run("tree", "-q", "--backing", "4k", "--max-tables", "20", "--json", "-"));
    assertTrue(err.contains("the table arena is full: limit 20 tables"), err);
    JsonNode root = new ObjectMapper().readTree(out);
    assertTrue(root.at("/failure").textValue().contains("arena is full"), out);
    assertTrue(root.at("/tree/rows").size() > 0, out);
  }

  /** Runs a script; returns its file. */
  private Path script(int code, String text, String... options) throws Exception {
    Path file = Files.writeString(directory.resolve("a.scenario"), text);
    String[] line = new String[options.length + 3];
    line[0] = "tree";
    line[1] = "--script";
    line[2] = file.toString();
    System.arraycopy(options, 0, line, 3, options.length);
    assertEquals(code, run(line), () -> out + err);
    return file;
  }

  private int run(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(outText))
            .setErr(new PrintWriter(errText))
            .execute(arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }
}
