package dev.septum.tdx;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Host memory whose content is one number a page; 0 is a zeroed page. */
final class PageContents implements HostPages {
  /** What a page holds that nobody has written yet, or that the host has got back. */
  static final long GARBAGE = -1;

  private final Map<Long, Long> pages = new ConcurrentHashMap<>();

  @Override
  public void zero(long pfn) {
    pages.put(pfn, 0L);
  }

  @Override
  public void copy(long fromPfn, long toPfn) {
    pages.put(toPfn, read(fromPfn));
  }

  void write(long pfn, long content) {
    pages.put(pfn, content);
  }

  long read(long pfn) {
    return pages.getOrDefault(pfn, GARBAGE);
  }
}
