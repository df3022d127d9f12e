package dev.septum.memory;

import dev.septum.tdx.HostPages;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is in each 4K frame of host memory: one long, a stamp, 0 until something is written. One for
 * a machine, by pfn.
 *
 * <p>A read that sees a stamp sees what its writer did before, as in memory of a machine with total
 * store order. All methods are wait-free. Chunks of 512 frames are made when a stamp other than 0
 * is written to one; reading and zeroing allocate nothing. A pfn beyond 40 bits throws {@link
 * IndexOutOfBoundsException}.
 */
public final class FrameContent implements HostPages {
  private static final int CHUNK_SHIFT = 9;
  private static final int CHUNK_FRAMES = 1 << CHUNK_SHIFT;
  private static final VarHandle STAMPS = MethodHandles.arrayElementVarHandle(long[].class);

  private final SparseArray<long[]> chunks = new SparseArray<>(MemorySlot.FRAMES >>> CHUNK_SHIFT);

  /** All frames are zero. */
  public FrameContent() {}

  /** The stamp in a frame. */
  public long readAcquire(long pfn) {
    long[] chunk = chunks.getAcquire(pfn >> CHUNK_SHIFT);
    return chunk == null ? 0 : (long) STAMPS.getAcquire(chunk, inChunk(pfn));
  }

  /** Writes a stamp to a frame. */
  public void writeRelease(long pfn, long stamp) {
    long at = pfn >> CHUNK_SHIFT;
    long @Nullable [] chunk =
        stamp == 0 ? chunks.getAcquire(at) : chunks.getOrAdd(at, () -> new long[CHUNK_FRAMES]);
    if (chunk != null) {
      STAMPS.setRelease(chunk, inChunk(pfn), stamp);
    }
  }

  /** Zeroes a frame; a release write. */
  @Override
  public void zero(long pfn) {
    writeRelease(pfn, 0);
  }

  /** Zeroes frames, each by a release write; chunks that were never written cost nothing. */
  @Override
  public void zero(long pfn, long pages) {
    long end = pfn + pages;
    VarHandle.releaseFence(); // with it, plain writes are release writes
    for (long at = pfn; at < end; ) {
      long next = Math.min((at | CHUNK_FRAMES - 1) + 1, end);
      long[] chunk = chunks.getAcquire(at >> CHUNK_SHIFT);
      if (chunk != null) {
        Arrays.fill(chunk, inChunk(at), inChunk(next - 1) + 1, 0);
      }
      at = next;
    }
  }

  /** Copies a frame: an acquire read, then a release write. */
  @Override
  public void copy(long fromPfn, long toPfn) {
    writeRelease(toPfn, readAcquire(fromPfn));
  }

  private static int inChunk(long pfn) {
    return (int) pfn & (CHUNK_FRAMES - 1);
  }
}
