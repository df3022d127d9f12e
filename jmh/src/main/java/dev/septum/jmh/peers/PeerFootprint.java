package dev.septum.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jol.info.GraphLayout;

/**
 * How much memory a mapped page takes in Septum and in its peers: all that can be reached from the
 * map, by JOL, divided by the pages.
 *
 * <p>{@code java -cp jmh/target/benchmarks.jar dev.septum.jmh.peers.PeerFootprint [FILE]} prints a
 * table, and writes a JSON array to the file. Septum's tables come in chunks of 8 MiB at the most,
 * so for few pages it takes more than it needs.
 */
public final class PeerFootprint {
  private static final int PAGES = 1 << 16;

  /** Where a table holds many pages: so many that chunks of tables hardly matter. */
  private static final int PAGES_IN_TABLES = 1 << 20;

  /**
   * What one peer takes.
   *
   * @param bytes of heap, all in all
   */
  public record Result(Peer peer, Mix mix, int pages, long bytes) {
    /** Bytes for each page. */
    public double perPage() {
      return (double) bytes / pages;
    }

    /** One JSON object. */
    public String toJson() {
      return String.format(
          Locale.ROOT,
          "{\"peer\":\"%s\",\"mix\":\"%s\",\"pages\":%d,\"bytes\":%d,\"bytes_per_page\":%.3f}",
          peer,
          mix,
          pages,
          bytes,
          perPage());
    }
  }

  private PeerFootprint() {}

  /** Measures all. */
  public static void main(String[] args) throws IOException {
    List<String> json = new ArrayList<>();
    System.out.printf("%-13s %-7s %9s %12s%n", "peer", "mix", "pages", "bytes/page");
    for (Mix mix : Mix.values()) {
      for (Peer peer : Peer.values()) {
        Result result = measure(peer, mix, pages(peer, mix));
        System.out.printf(
            Locale.ROOT, "%-13s %-7s %9d %12.1f%n", peer, mix, result.pages, result.perPage());
        json.add(result.toJson());
      }
    }
    if (args.length > 0) {
      Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", json) + "\n]\n");
    }
  }

  /**
   * A map takes as much for each page however many there are, and JOL long for a million objects.
   */
  private static int pages(Peer peer, Mix mix) {
    boolean inTables = (peer == Peer.SEPTUM || peer == Peer.RADIX) && mix != Mix.SPARSE;
    return inTables ? PAGES_IN_TABLES : PAGES;
  }

  /** Maps so many pages, and measures. */
  public static Result measure(Peer peer, Mix mix, int pages) {
    System.setProperty("jol.magicFieldOffset", "true"); // Septum has records
    PageMap map = peer.newMap();
    try (PageMap.View view = map.newView()) {
      for (int i = 0; i < pages; i++) {
        if (!view.fault((long) i * mix.stride, mix.level)) {
          throw new IllegalStateException("page " + i + " was mapped already");
        }
      }
    }
    return new Result(peer, mix, pages, GraphLayout.parseInstance(map).totalSize());
  }
}
