package dev.septum.mmu;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.HeapSnapshot;
import dev.septum.HeapSnapshot.Written;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.PaddedHead;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * No fault writes a cache line that another thread's fault writes, but for entries of the tree:
 * what it writes stands {@value #APART} bytes or more inside its object, from either end, wherever
 * the collector puts that.
 *
 * <p>Which fields those are is not listed but found: all that is in reach is compared before the
 * fault, while it holds the lock, and after it; but not what lies in objects of the JDK.
 */
class FaultLinesTest {
  /** Two lines of 64: x86 fetches lines in pairs, and some ARM have lines of 128. */
  private static final int APART = 128;

  private static final long PFN_OFFSET = 1L << 20;
  private static final String ENTRIES = "TableArena.entries";

  /** Pages of 2M that the limits let be 2M; below them they are 4K. */
  private static final long LARGE_FROM = 2048;

  /** Faults of the walker that has mapped gfns 0, 512 and 2048, in this order. */
  private enum Kind {
    BESIDE_THE_LAST(513, Access.WRITE, FaultResult.FIXED),
    IN_ANOTHER_TABLE(1, Access.WRITE, FaultResult.FIXED),
    LARGE(LARGE_FROM + 512, Access.WRITE, FaultResult.FIXED),
    SPURIOUS(512, Access.READ, FaultResult.SPURIOUS),
    FAST(512, Access.WRITE, FaultResult.SPURIOUS);

    final long gfn;
    final Access access;
    final FaultResult result;

    Kind(long gfn, Access access, FaultResult result) {
      this.gfn = gfn;
      this.access = access;
      this.result = result;
    }
  }

  private final AtomicReference<HeapSnapshot> whileHeld = new AtomicReference<>();
  private final TdpMmu mmu =
      new TdpMmu(Geometry.FOUR_LEVEL, 64, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
  private final Walker walker = mmu.newWalker();
  private final PageFault fault = new PageFault();

  @AfterEach
  void isSound() {
    walker.close();
    assertEquals(List.of(), mmu.audit());
    mmu.close();
  }

  @ParameterizedTest
  @EnumSource
  void aFaultWritesOnlyWhatIsItsThreadsOwn(Kind kind) {
    Set<Written> written = written(limits(), kind.gfn, kind.access, kind.result);
    assertTrue(names(written).contains("ReadSectionWord.announced"), written::toString);
    assertEquals(Set.of(), shared(written));
  }

  /** One in 512 faults of 4K pages, if they come in order. */
  @Test
  void aFaultThatLinksATableAlsoWritesThePoolsCounts() {
    Set<Written> written = written(limits(), 1024, Access.WRITE, FaultResult.FIXED);
    assertEquals(
        Set.of("TableArena.descriptors", "TablePool.live", "TablePool.peak"), shared(written));
  }

  /** The broken variant of a fault: it counts in a field that any thread may count in. */
  @Test
  void aCountThatFaultsShareIsFound() {
    Set<Written> written =
        written(new CountingLimits(limits()), 513, Access.WRITE, FaultResult.FIXED);
    assertEquals(Set.of("CountingLimits.asked"), shared(written));
  }

  /** A limit of the snapshots: what is shared in an object of the JDK must be found by reading. */
  @Test
  void aCountInAnObjectOfTheJdkIsNotFound() {
    JdkCount hidden = new JdkCount();
    assertEquals(Set.of(), written(hidden));
    assertEquals(1, hidden.word.get());
  }

  @Test
  void paddingThatIsMissingOnASideIsFound() {
    assertEquals(Set.of("Bare.word"), shared(written(new Bare())));
    assertEquals(Set.of("Bare.word"), shared(written(new PaddedBehind())));
    assertEquals(Set.of("PaddedInFront.word"), shared(written(new PaddedInFront())));
  }

  @Test
  void paddingOnBothSidesIsEnough() {
    Runnable writer = new PaddedOnBothSides();
    assertEquals(Set.of("PaddedInFront.word"), names(written(writer)));
    assertEquals(Set.of(), shared(written(writer)));
  }

  /** What it writes in itself when it runs. */
  private static Set<Written> written(Runnable writer) {
    HeapSnapshot before = new HeapSnapshot(writer);
    writer.run();
    return Set.copyOf(before.writtenUntil(new HeapSnapshot(writer)));
  }

  private MappingLimits limits() {
    AtomicReference<HeapSnapshot> taken = whileHeld;
    TdpMmu ours = mmu;
    Walker vcpu = walker;
    PageFault now = fault;
    return (gfn, cap) -> {
      taken.set(new HeapSnapshot(ours, vcpu, now));
      return gfn < LARGE_FROM ? PageLevel.PG_4K : cap;
    };
  }

  /** What a fault writes, entries left out. */
  private Set<Written> written(
      MappingLimits limits, long gfn, Access access, FaultResult expected) {
    for (long mapped : new long[] {LARGE_FROM, 0, 512}) {
      assertEquals(FaultResult.FIXED, fault(mapped, Access.WRITE, limits));
    }
    HeapSnapshot before = new HeapSnapshot(mmu, walker, fault);
    assertEquals(expected, fault(gfn, access, limits));
    HeapSnapshot after = new HeapSnapshot(mmu, walker, fault);
    Set<Written> written = new HashSet<>(before.writtenUntil(whileHeld.get()));
    written.addAll(whileHeld.get().writtenUntil(after));
    written.removeIf(what -> what.name().equals(ENTRIES));
    return written;
  }

  private FaultResult fault(long gfn, Access access, MappingLimits limits) {
    fault
        .begin(gfn, access.bit(), mmu.invalidationSequence())
        .backedBy(gfn + PFN_OFFSET, true, PageLevel.PG_2M)
        .limitedBy(limits);
    return mmu.fault(walker, fault);
  }

  /** The names of what another thread may write a line of. */
  private static Set<String> shared(Set<Written> written) {
    return names(written.stream().filter(what -> !what.isApart(APART)).collect(toSet()));
  }

  private static Set<String> names(Set<Written> written) {
    return written.stream().map(Written::name).collect(toSet());
  }

  private static final class CountingLimits implements MappingLimits {
    private final MappingLimits limits;

    @SuppressWarnings("unused") // but by the snapshots
    int asked;

    CountingLimits(MappingLimits limits) {
      this.limits = limits;
    }

    @Override
    public int maxMappingLevel(long gfn, int cap) {
      asked++;
      return limits.maxMappingLevel(gfn, cap);
    }
  }

  private static final class JdkCount implements Runnable {
    final AtomicLong word = new AtomicLong();

    @Override
    public void run() {
      word.incrementAndGet();
    }
  }

  private static class Bare implements Runnable {
    @SuppressWarnings("unused") // but by the snapshots
    long word;

    @Override
    public final void run() {
      word++;
    }
  }

  @SuppressWarnings("unused") // padding
  private static final class PaddedBehind extends Bare {
    private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;
  }

  private static class PaddedInFront extends PaddedHead implements Runnable {
    @SuppressWarnings("unused") // but by the snapshots
    long word;

    @Override
    public final void run() {
      word++;
    }
  }

  @SuppressWarnings("unused") // padding
  private static final class PaddedOnBothSides extends PaddedInFront {
    private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;
  }
}
