package dev.septum.simulator.input;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A stream whose bytes another thread comes by, a few blocks ahead: it decompresses while the one
 * that reads parses. What it meets, this stream throws, behind the bytes before it.
 *
 * <p>Blocks pass through two queues, full ones to the reader and empty ones back, and a block
 * belongs to who has taken it last; so does the source, which the thread alone reads and closes.
 */
final class ReadAhead extends InputStream {
  private static final int BLOCKS = 8;
  private static final int BLOCK = 1 << 17;

  /** Bytes, or why there are no more. */
  private static final class Block {
    private final byte[] bytes = new byte[BLOCK];
    private int used;
    private @Nullable IOException failure;
  }

  private final InputStream source;
  private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(BLOCKS);
  private final BlockingQueue<Block> empty = new ArrayBlockingQueue<>(BLOCKS);
  private final Thread thread;
  private Block current = new Block();
  private int at;
  private boolean ended;

  /** A stream over {@code source}, which is the other thread's from now on. */
  ReadAhead(InputStream source) {
    this.source = source;
    for (int i = 0; i < BLOCKS - 1; i++) {
      empty.add(new Block());
    }
    thread = new Thread(this::fill, "read ahead");
    thread.setDaemon(true);
    thread.start();
  }

  private void fill() {
    try (source) {
      boolean goesOn = true;
      while (goesOn) {
        Block block = empty.take();
        goesOn = fill(block);
        full.put(block);
      }
    } catch (InterruptedException | IOException closed) {
      // nobody reads any more
    }
  }

  /** Returns whether there is more; a block with no bytes is the end. */
  private boolean fill(Block block) {
    block.used = 0;
    try {
      int read = 0;
      while (block.used < BLOCK && read >= 0) {
        block.used += read;
        read = source.read(block.bytes, block.used, BLOCK - block.used);
      }
    } catch (IOException failure) {
      block.failure = failure;
    } catch (RuntimeException | Error failure) { // else the reader would wait for ever
      block.failure = new IOException(failure);
    }
    return block.failure == null && block.used > 0;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (at == current.used && !next()) {
      return -1;
    }
    int count = Math.min(length, current.used - at);
    System.arraycopy(current.bytes, at, bytes, offset, count);
    at += count;
    return count;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** Goes on to the next block; false at the end. */
  private boolean next() throws IOException {
    IOException failure = current.failure;
    if (failure == null && !ended) {
      take();
      failure = current.used == 0 ? current.failure : null;
      ended = current.used == 0;
    }
    if (failure != null) {
      throw failure;
    }
    return !ended;
  }

  private void take() throws IOException {
    try {
      empty.put(current);
      current = full.take();
      at = 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /** Ends the other thread, which closes the source; a source that it waits for holds it up. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
