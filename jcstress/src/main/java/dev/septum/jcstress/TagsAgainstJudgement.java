package dev.septum.jcstress;

import dev.septum.memory.FrameTags;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * Two frames have been taken away. While it is asked whether that came after the clock's beginning,
 * the block of the one is tagged as a whole, which drops the tags of its frames, and the region of
 * the other is given up for good, which drops the region.
 *
 * <p>Results: whether the frame of the block was taken away after the first tick, whether it was
 * taken away at all, whether the frame of the region was.
 */
@JCStressTest
@Outcome(
    id = "false, true, true",
    expect = Expect.ACCEPTABLE,
    desc = "Asked before the block was tagged: its frame's own tag is known, and is the first.")
@Outcome(
    id = "true, true, true",
    expect = Expect.ACCEPTABLE,
    desc = "Asked after the block was tagged, or meanwhile: its tag is the second tick.")
@Outcome(
    id = {"false, false, true", "true, false, true"},
    expect = Expect.FORBIDDEN,
    desc = "The tags of the block's frames are gone, and the block's tag is not seen instead.")
@Outcome(
    id = {"false, true, false", "true, true, false"},
    expect = Expect.FORBIDDEN,
    desc = "The tags of the region are gone, and it is not seen that it was given up.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A frame that was taken away stays taken away.")
@State
public class TagsAgainstJudgement {
  private static final long REGION = 1L << 18;
  private static final long BLOCK = 1L << 9;
  private static final long FRAME = 5;
  private static final long BEGINNING = 0;
  private static final long FIRST_TICK = 1;

  private final FrameTags tags = new FrameTags();

  /** One frame of a block and one of a region are gone, and the clock has gone on. */
  public TagsAgainstJudgement() {
    tags.advance();
    tags.tag(FRAME, 1);
    tags.tag(REGION + FRAME, 1);
    tags.advance();
  }

  /** Takes the whole block away, then the region for good. */
  @Actor
  public void host() {
    tags.tag(0, BLOCK);
    tags.retire(REGION, REGION);
  }

  /** Judges as a vCPU does. */
  @Actor
  public void judge(ZZZ_Result result) {
    result.r1 = tags.isYounger(FRAME, FIRST_TICK);
    result.r2 = tags.isYounger(FRAME, BEGINNING);
    result.r3 = tags.isYounger(REGION + FRAME, BEGINNING);
  }
}
