package dev.septum.tdx;

/**
 * The content of host memory, as far as the module touches it. Called by many threads at once, for
 * different pages; must not block.
 */
public interface HostPages {
  /** Memory without content. */
  HostPages NONE =
      new HostPages() {
        @Override
        public void zero(long pfn) {}

        @Override
        public void copy(long fromPfn, long toPfn) {}
      };

  /** Zeroes a 4K page. */
  void zero(long pfn);

  /** Zeroes 4K pages that follow each other. */
  default void zero(long pfn, long pages) {
    for (long at = pfn; at < pfn + pages; at++) {
      zero(at);
    }
  }

  /** Copies a 4K page. */
  void copy(long fromPfn, long toPfn);
}
