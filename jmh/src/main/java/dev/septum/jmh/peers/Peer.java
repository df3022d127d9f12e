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
      case HASH_MAP -> new LevelledPageMap(HashLevel::new);
      case SKIP_LIST -> new LevelledPageMap(SkipListLevel::new);
      case NON_BLOCKING -> new LevelledPageMap(NonBlockingLevel::new);
      case PRIMITIVE -> new LevelledPageMap(PrimitiveLevel::new);
      case RADIX -> new RadixPageMap();
    };
  }
}
