package dev.septum.jmh.peers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.openjdk.jol.info.GraphLayout;

/**
 * How much memory mapped pages take: all that can be reached from the map, by JOL.
 *
 * @param peer whose map it is
 * @param mix how the pages lie
 * @param pages how many are mapped
 * @param bytes of heap, all in all
 */
public record PeerFootprint(Peer peer, Mix mix, int pages, long bytes) {
  /** A map takes as much for each page however many; JOL takes long for a million objects. */
  private static final int PAGES = 1 << 16;

  /** Where a table holds many pages: so many that chunks of tables hardly matter. */
  private static final int PAGES_IN_TABLES = 1 << 20;

  /** Maps as many pages as say what one takes, and measures. */
  public static PeerFootprint measure(Peer peer, Mix mix) {
    boolean inTables = (peer == Peer.SEPTUM || peer == Peer.RADIX) && mix != Mix.SPARSE;
    return measure(peer, mix, inTables ? PAGES_IN_TABLES : PAGES);
  }

  /** Maps so many pages, and measures. */
  public static PeerFootprint measure(Peer peer, Mix mix, int pages) {
    System.setProperty("jol.magicFieldOffset", "true"); // Septum has records
    PageMap map = peer.newMap();
    try (PageMap.View view = map.newView()) {
      for (int i = 0; i < pages; i++) {
        if (!view.fault((long) i * mix.stride, mix.level)) {
          throw new IllegalStateException("page " + i + " was mapped already");
        }
      }
    }
    return new PeerFootprint(peer, mix, pages, GraphLayout.parseInstance(map).totalSize());
  }

  /** Bytes for each page. */
  public double bytesPerPage() {
    return (double) bytes / pages;
  }

  /** For programs. */
  public void put(ObjectNode node) {
    node.put("peer", peer.name())
        .put("mix", mix.name())
        .put("pages", pages)
        .put("bytes", bytes)
        .put("bytesPerPage", bytesPerPage());
  }
}
