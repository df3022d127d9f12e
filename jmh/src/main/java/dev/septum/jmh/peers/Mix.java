package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;

/** How a guest's pages lie. */
public enum Mix {
  /** 4K pages, one beside the other. */
  DENSE(PageLevel.PG_4K, 1),
  /** 4K pages, one in each 2M. */
  SPARSE(PageLevel.PG_4K, 512),
  /** 2M pages, one beside the other. */
  HUGE(PageLevel.PG_2M, 512);

  /** The level of its pages. */
  final int level;

  /** Frames from one page to the next. */
  final int stride;

  Mix(int level, int stride) {
    this.level = level;
    this.stride = stride;
  }
}
