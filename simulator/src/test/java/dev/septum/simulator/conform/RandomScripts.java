package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Random scripts of the core, with the results that {@link ReferenceMmu} has. They go where records
 * are few: prefetch, read-only memory, forbidden levels, slots of any size, ranges that begin or
 * end anywhere.
 */
final class RandomScripts {
  private static final long BLOCK_2M = 512;
  private static final long BLOCK_1G = 512 * BLOCK_2M;
  private static final long[] SLOT_ENDS = {
    4 * BLOCK_1G,
    4 * BLOCK_1G - 137,
    4 * BLOCK_1G - 1,
    3 * BLOCK_1G + 1,
    2 * BLOCK_1G + 512,
    BLOCK_1G - 1,
    BLOCK_1G,
    BLOCK_1G + 1,
    300_000,
    1000,
    513,
    512,
    511,
    2,
    1
  };
  private static final long[] FIRST_PFNS = {0, 4 * BLOCK_1G, 7 * BLOCK_1G, 1L << 30};
  private static final String[] KINDS = {
    "fault",
    "fault",
    "fault",
    "fault",
    "fault",
    "fault",
    "fault",
    "fault",
    "touch",
    "split",
    "split",
    "recover",
    "recover",
    "zap",
    "unmap",
    "walk",
    "disallow_lpage",
    "disallow_lpage"
  };

  private final Random random;
  private final long slotEnd;
  private final long[] hot = new long[3];
  private final Map<String, Integer> forbidden = new HashMap<>();
  private final double prefetches;
  private final double readOnlys;

  private RandomScripts(Random random, long slotEnd) {
    this.random = random;
    this.slotEnd = slotEnd;
    for (int i = 0; i < hot.length; i++) {
      hot[i] = (long) (random.nextDouble() * slotEnd);
    }
    this.prefetches = random.nextInt(3) * 0.2;
    this.readOnlys = random.nextInt(3) * 0.2;
  }

  /** The script of a seed, as a record. */
  static ObjectNode record(long seed, int operations) {
    Random random = new Random(seed);
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("root_level", random.nextInt(4) == 0 ? 5 : 4).put("ad_bits", 1);
    config.put("nx_huge_pages", 0).put("tdx", 0);
    config.put("npages", SLOT_ENDS[random.nextInt(SLOT_ENDS.length)]);
    config.put("pfn_offset", FIRST_PFNS[random.nextInt(FIRST_PFNS.length)]);
    RandomScripts scripts = new RandomScripts(random, config.get("npages").longValue());
    return ReferenceMmu.record(
        seed, config, Stream.generate(scripts::operation).limit(operations).toList());
  }

  private ObjectNode operation() {
    ObjectNode op = JsonNodeFactory.instance.objectNode();
    op.put("op", KINDS[random.nextInt(KINDS.length)]);
    switch (op.get("op").asText()) {
      case "fault" ->
          op.put("gfn", gfn())
              .put("host_level", 1 + random.nextInt(3))
              .put("access", access())
              .put("prefetch", random.nextDouble() < prefetches ? 1 : 0)
              .put("ro", random.nextDouble() < readOnlys ? 1 : 0)
              .put("private", 0);
      case "touch" -> op.put("gfn", gfn()).put("access", access());
      case "walk" -> op.put("gfn", gfn());
      case "split" ->
          range(op).put("target_level", 1 + random.nextInt(2)).put("shared", random.nextInt(2));
      case "recover" -> range(op).put("host_level", 1 + random.nextInt(3));
      case "zap" -> range(op);
      case "unmap" -> range(op).put("filter", 1 + random.nextInt(3));
      default -> forbid(op);
    }
    return op;
  }

  private String access() {
    return "rwx".substring(random.nextInt(3)).substring(0, 1);
  }

  private void forbid(ObjectNode op) {
    long gfn = gfn();
    int level = 2 + random.nextInt(2);
    String block = level + ":" + gfn / (level == 2 ? BLOCK_2M : BLOCK_1G);
    int count = forbidden.getOrDefault(block, 0);
    boolean add = count == 0 || random.nextInt(3) == 0;
    forbidden.put(block, count + (add ? 1 : -1));
    op.put("gfn", gfn).put("level", level).put("add", add ? 1 : 0);
  }

  /**
   * A gfn of the slot, near a few that come again and again, or near the bounds of their blocks.
   */
  private long gfn() {
    long near = hot[random.nextInt(hot.length)];
    long gfn =
        switch (random.nextInt(6)) {
          case 0 -> near + random.nextInt(5) - 2;
          case 1 -> near / BLOCK_2M * BLOCK_2M + random.nextInt(3) - 1;
          case 2 -> near / BLOCK_1G * BLOCK_1G + random.nextInt(3) - 1;
          case 3 -> near / BLOCK_1G * BLOCK_1G + BLOCK_2M * random.nextInt(512);
          case 4 -> near + random.nextInt(4000) - 2000;
          default -> (long) (random.nextDouble() * slotEnd);
        };
    return Math.min(Math.max(gfn, 0), slotEnd - 1);
  }

  private ObjectNode range(ObjectNode op) {
    long start = gfn();
    long end;
    switch (random.nextInt(5)) {
      case 0 -> {
        start = 0;
        end = slotEnd;
      }
      case 1 -> {
        start = start / BLOCK_2M * BLOCK_2M;
        end = start + BLOCK_2M * (1 + random.nextInt(8));
      }
      case 2 -> {
        start = start / BLOCK_1G * BLOCK_1G;
        end = start + BLOCK_1G * (1 + random.nextInt(2));
      }
      case 3 -> end = start + 1 + random.nextInt(2000);
      default -> {
        long other = gfn();
        end = Math.max(start, other) + 1;
        start = Math.min(start, other);
      }
    }
    return op.put("start", start).put("end", Math.min(end, slotEnd));
  }
}
