package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Random operations on guest_memfds of every shape, against the rules as they are said. */
class GuestMemfdModelTest {
  private static final int FIRST_PFN = 1 << 10;
  private static final long REFUSED = -1;

  /** What is compared with the model, and ways in which it can be wrong. */
  private enum Subject {
    FAITHFUL,
    TAIL_NOT_SPLIT,
    MIXED_BLOCKS_MERGED,
    CONTENT_LEFT,
    SHORTAGE_NOT_SEEN
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "2, 2", "3, 1", "3, 2", "4, 1", "5, 1"})
  void aGuestMemfdDoesWhatTheRulesSay(int levels, int bits) {
    assertEquals("", firstDifference(new Geometry(levels, bits), Subject.FAITHFUL));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FAITHFUL")
  void aGuestMemfdThatIsWrongIsFound(Subject broken) {
    assertNotEquals("", firstDifference(new Geometry(3, 2), broken));
  }

  private static String firstDifference(Geometry geometry, Subject subject) {
    Random random = Seeds.random("GuestMemfdModelTest");
    for (int round = 0; round < 150; round++) {
      String difference = new Run(geometry, subject, random).firstDifference();
      if (!difference.isEmpty()) {
        return "round " + round + difference;
      }
    }
    return "";
  }

  /** One guest_memfd, and what is known of each gfn of the tree. */
  private static final class Run {
    private final Geometry geometry;
    private final Subject subject;
    private final Random random;
    private final GfnRange range;
    private final long pfn;
    private final int largest;
    private final GuestMemfd memfd;
    private final MemoryAttributes attributes;
    private final FrameContent content = new FrameContent();
    private boolean memoryIsShort;

    private final int[] level;
    private final boolean[] allocated;
    private final boolean[] isPrivate;
    private final long[] stamp;

    Run(Geometry geometry, Subject subject, Random random) {
      this.geometry = geometry;
      this.subject = subject;
      this.random = random;
      int gfns = (int) geometry.gfnLimit();
      this.range = part(new GfnRange(0, gfns));
      boolean isAligned = random.nextInt(3) > 0;
      this.pfn = FIRST_PFN + range.start() + (isAligned ? 0 : random.nextInt(gfns));
      this.largest = 1 + random.nextInt(PageLevel.LEAF_LEVELS);
      this.attributes = new MemoryAttributes(geometry);
      boolean isBlind = subject == Subject.MIXED_BLOCKS_MERGED;
      this.memfd =
          new GuestMemfd(
              geometry,
              range,
              pfn,
              PageLevel.of(largest),
              isBlind ? new MemoryAttributes(geometry) : attributes,
              subject == Subject.CONTENT_LEFT ? new FrameContent() : content,
              () -> memoryIsShort && subject != Subject.SHORTAGE_NOT_SEEN);
      this.level = new int[gfns];
      this.allocated = new boolean[gfns];
      this.isPrivate = new boolean[gfns];
      this.stamp = new long[gfns];
      for (int gfn = (int) range.start(); gfn < range.end(); gfn++) {
        level[gfn] = largest;
        while (!fits(gfn, level[gfn])) {
          level[gfn]--;
        }
      }
    }

    private boolean fits(int gfn, int at) {
      long pages = geometry.pages(at);
      return at <= geometry.maxLeafLevel()
          && range.contains(block(gfn, at))
          && (range.start() - pfn) % pages == 0;
    }

    private GfnRange block(int gfn, int at) {
      return GfnRange.ofPages(geometry.round(gfn, at), geometry.pages(at));
    }

    private GfnRange part(GfnRange whole) {
      long start = whole.start() + random.nextLong(whole.pages());
      return new GfnRange(start, start + 1 + random.nextLong(whole.end() - start));
    }

    String firstDifference() {
      for (int step = 0; step < 100; step++) {
        GfnRange part = random.nextInt(4) == 0 ? range : part(range);
        int gfn = (int) (range.start() + random.nextLong(range.pages()));
        memoryIsShort = random.nextInt(4) == 0;
        String operation =
            switch (random.nextInt(6)) {
              case 0 -> compare("split " + part, split(part), () -> memfd.split(splitOf(part)));
              case 1 -> compare("merge " + part, merge(part), () -> memfd.merge(part));
              case 2 -> compare("punch " + part, punch(part), () -> memfd.punch(part));
              case 3 -> convert(part);
              case 4 -> write(gfn);
              default ->
                  compare("allocate " + gfn, allocate(gfn), () -> memfd.allocate(gfn) ? 1 : 0);
            };
        String difference = operation + differenceOfState();
        if (!difference.isEmpty()) {
          return ", step " + step + ": " + difference;
        }
      }
      return "";
    }

    private GfnRange splitOf(GfnRange part) {
      boolean isShort = subject == Subject.TAIL_NOT_SPLIT;
      return isShort ? new GfnRange(part.start(), range.end()) : part;
    }

    private static String compare(String what, long expected, LongSupplier operation) {
      long found;
      try {
        found = operation.getAsLong();
      } catch (IllegalStateException refused) {
        found = REFUSED;
      }
      return found == expected ? "" : what + " gave " + found + ", not " + expected;
    }

    private String differenceOfState() {
      for (int gfn = (int) range.start(); gfn < range.end(); gfn++) {
        long frame = pfn + gfn - range.start();
        if (memfd.level(gfn) != level[gfn]
            || memfd.isAllocated(gfn) != allocated[gfn]
            || content.readAcquire(frame) != stamp[gfn]) {
          return " gfn " + gfn + " of " + memfd;
        }
      }
      return "";
    }

    // The rules.

    private long split(GfnRange part) {
      long split = 0;
      for (int at = PageLevel.LEAF_LEVELS; at > 1; at--) {
        for (int gfn = (int) range.start(); gfn < range.end(); gfn++) {
          if (level[gfn] == at && isTorn(block(gfn, at), part)) {
            fillLevel(block(gfn, at), at - 1);
            split++;
          }
        }
      }
      return split;
    }

    private static boolean isTorn(GfnRange block, GfnRange part) {
      return block.overlaps(part) && !part.contains(block);
    }

    private void fillLevel(GfnRange block, int to) {
      for (int gfn = (int) block.start(); gfn < block.end(); gfn++) {
        level[gfn] = to;
      }
    }

    private long merge(GfnRange part) {
      long merged = 0;
      for (int at = 2; at <= largest; at++) {
        for (int gfn = (int) part.start(); gfn < part.end(); gfn++) {
          if (level[gfn] == at - 1 && fits(gfn, at) && isMergeable(block(gfn, at), part)) {
            fillLevel(block(gfn, at), at);
            merged++;
          }
        }
      }
      return merged;
    }

    private boolean isMergeable(GfnRange block, GfnRange part) {
      int first = (int) block.start();
      boolean mergeable = part.contains(block);
      for (int gfn = first; gfn < block.end(); gfn++) {
        mergeable &=
            allocated[gfn] && level[gfn] == level[first] && isPrivate[gfn] == isPrivate[first];
      }
      return mergeable;
    }

    private long punch(GfnRange part) {
      for (int gfn = (int) part.start(); gfn < part.end(); gfn++) {
        if (isTorn(block(gfn, level[gfn]), part)) {
          return REFUSED;
        }
      }
      long punched = 0;
      for (int gfn = (int) part.start(); gfn < part.end(); gfn++) {
        punched += allocated[gfn] ? 1 : 0;
        allocated[gfn] = false;
        stamp[gfn] = 0;
      }
      return punched;
    }

    private long allocate(int gfn) {
      if (!allocated[gfn] && memoryIsShort) {
        return 0;
      }
      GfnRange page = block(gfn, level[gfn]);
      for (int at = (int) page.start(); at < page.end(); at++) {
        allocated[at] = true;
      }
      return 1;
    }

    private String convert(GfnRange part) {
      boolean to = random.nextBoolean();
      attributes.setPrivate(part, to);
      for (int gfn = (int) part.start(); gfn < part.end(); gfn++) {
        isPrivate[gfn] = to;
      }
      return "";
    }

    private String write(int gfn) {
      stamp[gfn] = random.nextLong();
      content.writeRelease(pfn + gfn - range.start(), stamp[gfn]);
      return "";
    }
  }
}
