package dev.septum.jmh.peers;

/** Who is compared. */
public enum Peer {
  /** The engine. */
  SEPTUM,
  /** java.util.concurrent.ConcurrentHashMap. */
  HASH_MAP,
  /** java.util.concurrent.ConcurrentSkipListMap. */
  SKIP_LIST,
  /** JCTools' NonBlockingHashMapLong. */
  NON_BLOCKING,
  /** Agrona's Long2LongHashMap under a StampedLock. */
  PRIMITIVE,
  /** A plain radix tree under a ReentrantLock. */
  RADIX;

  /** An empty one. */
  public PageMap newMap() {
    return switch (this) {
      case SEPTUM -> new SeptumPageMap();
      case HASH_MAP -> new HashPageMap();
      case SKIP_LIST -> new SkipListPageMap();
      case NON_BLOCKING -> new NonBlockingPageMap();
      case PRIMITIVE -> new PrimitivePageMap();
      case RADIX -> new RadixPageMap();
    };
  }
}
