package dev.septum.jcstress.td;

import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/** A block of small pages that the host promotes, while a guest accepts its second page. */
abstract class PromotedBlock {
  final TinyVm td;

  PromotedBlock(TinyVm td) {
    this.td = td;
  }

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
  }

  /** Promotes. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.promote();
  }
}
