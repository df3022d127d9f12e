package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What another thread comes by is read in order, with its end and its failure. */
@Timeout(60)
class ReadAheadTest {
  private final byte[] bytes = new byte[3_000_001];

  ReadAheadTest() {
    new Random(1).nextBytes(bytes);
  }

  /** Fails once its bytes are read, and says when it is closed. */
  private static final class Source extends ByteArrayInputStream {
    private final IOException failure = new IOException("torn");
    private final CountDownLatch closed = new CountDownLatch(1);
    private final boolean fails;

    Source(byte[] bytes, boolean fails) {
      super(bytes);
      this.fails = fails;
    }

    @Override
    public synchronized int read(byte[] to, int offset, int length) {
      return super.read(to, offset, Math.min(length, 1000));
    }

    @Override
    public void close() {
      closed.countDown();
    }

    InputStream failing() {
      return new InputStream() {
        @Override
        public int read() {
          return Source.this.read();
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
          int read = Source.this.read(to, offset, length);
          if (read < 0 && fails) {
            throw failure;
          }
          return read;
        }

        @Override
        public void close() {
          Source.this.close();
        }
      };
    }
  }

  @Test
  @DisplayName("every byte comes, in order, and the end again and again")
  void allBytesInOrder() throws Exception {
    Source source = new Source(bytes, false);
    try (ReadAhead ahead = new ReadAhead(source.failing())) {
      assertEquals(bytes[0] & 0xff, ahead.read());
      byte[] rest = ahead.readAllBytes();
      assertArrayEquals(Arrays.copyOfRange(bytes, 1, bytes.length), rest);
      assertEquals(-1, ahead.read());
      assertEquals(-1, ahead.read(new byte[8], 0, 8));
    }
    assertTrue(source.closed.await(30, TimeUnit.SECONDS));
  }

  @Test
  @DisplayName("a failure comes behind the bytes before it, and again and again")
  void failureComesBehindItsBytes() throws Exception {
    Source source = new Source(bytes, true);
    try (ReadAhead ahead = new ReadAhead(source.failing())) {
      assertArrayEquals(bytes, ahead.readNBytes(bytes.length));
      assertEquals(source.failure, assertThrows(IOException.class, ahead::read));
      assertEquals(source.failure, assertThrows(IOException.class, ahead::read));
    }
  }

  @Test
  @DisplayName("who stops reading early has the source closed")
  void closedEarly() throws Exception {
    Source source = new Source(bytes, false);
    new ReadAhead(source.failing()).close();
    assertTrue(source.closed.await(30, TimeUnit.SECONDS));
  }
}
