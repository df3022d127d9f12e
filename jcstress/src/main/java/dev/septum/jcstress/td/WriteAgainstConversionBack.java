package dev.septum.jcstress.td;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest has shared memory faulted in and writes, while the host makes it private.
 *
 * <p>Results: of the write, shared leaves removed, leaves left, violations.
 */
@JCStressTest
@Outcome(id = "NONE, 1, 0, 0", expect = Expect.ACCEPTABLE, desc = "Written, then converted.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Converted; then the guest wants shared memory that there is not.")
@Outcome(
    id = "MEMORY_FAULT, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Faulted in, and removed before it was written.")
@Outcome(expect = Expect.FORBIDDEN, desc = "No shared mapping survives the conversion.")
@State
public class WriteAgainstConversionBack {
  private final TinyVm td = new TinyVm().shared();

  /** Writes. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.writeShared(td.first, 0);
  }

  /** Makes it private. */
  @Actor
  public void host(LLLL_Result result) {
    result.r2 = td.host.convertToPrivate(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
  }
}
