package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What one thread does, operation after operation: by its seed alone, whatever the others do and
 * whatever comes of it. So two runs of one seed differ in how far each thread comes and how the
 * threads meet, and in nothing else. Used by one thread.
 */
final class Choices {
  private static final int BLOCK_SHIFT = 9;
  private static final long BLOCK_PAGES = 1L << BLOCK_SHIFT;
  private static final int LARGEST_BITS = 10;
  private static final int ELSEWHERE_ONE_IN = 16;

  private final Repertoire repertoire;
  private final GfnRange area;
  private final GfnRange elsewhere;
  private final SplittableRandom random;

  private Operation operation = Operation.SCAN;
  private GfnRange range;
  private @Nullable GfnRange shared;
  private boolean hasSlot;

  /**
   * What a thread will do.
   *
   * @param area where; begins and ends at a multiple of 2M
   * @param elsewhere where slots come and go: one access in 16 is there; the same as {@code area}
   *     if there is no such place
   */
  Choices(Repertoire repertoire, GfnRange area, GfnRange elsewhere, SplittableRandom random) {
    this.repertoire = repertoire;
    this.area = area;
    this.elsewhere = elsewhere;
    this.random = random;
    this.range = area;
  }

  /** Chooses the next operation, which {@link #operation} and {@link #range} then tell. */
  void next() {
    boolean wasPrefault = operation == Operation.PREFAULT;
    operation = repertoire.choose(random);
    switch (operation) {
      case READ, WRITE, EXECUTE -> range = GfnRange.ofPages(page(), 1);
      case SLOT_MOVE, SLOT_DELETE -> chooseSlot();
      case SHARED -> chooseConversion();
      case MERGE -> range = wasPrefault ? range : blocks();
      case PROMOTE, PREFAULT -> range = blocks();
      default -> range = pages();
    }
  }

  Operation operation() {
    return operation;
  }

  /** The pages that it is about; one page for an access. */
  GfnRange range() {
    return range;
  }

  /** A slot is where it was last put; there is none in the beginning. */
  private void chooseSlot() {
    if (!hasSlot) {
      operation = Operation.SLOT_ADD;
    }
    hasSlot = operation != Operation.SLOT_DELETE;
    range =
        GfnRange.ofPages(
            area.start() + (random.nextLong(area.pages()) & -BLOCK_PAGES), BLOCK_PAGES);
  }

  /** What is shared becomes private before anything else is shared. */
  private void chooseConversion() {
    if (shared == null) {
      range = pages();
      shared = range;
    } else {
      operation = Operation.PRIVATE;
      range = shared;
      shared = null;
    }
  }

  private long page() {
    GfnRange where = random.nextInt(ELSEWHERE_ONE_IN) == 0 ? elsewhere : area;
    return where.start() + random.nextLong(where.pages());
  }

  /** Of a random size, small ones as often as large ones. */
  private GfnRange pages() {
    long pages = 1L << random.nextInt(LARGEST_BITS + 1);
    pages += random.nextLong(pages);
    long gfn = area.start() + random.nextLong(area.pages());
    return new GfnRange(gfn, Math.min(area.end(), gfn + pages));
  }

  private GfnRange blocks() {
    GfnRange inside = pages();
    return new GfnRange(
        inside.start() & -BLOCK_PAGES, inside.end() + BLOCK_PAGES - 1 & -BLOCK_PAGES);
  }
}
