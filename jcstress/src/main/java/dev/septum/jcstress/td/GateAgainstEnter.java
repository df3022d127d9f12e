package dev.septum.jcstress.td;

import dev.septum.vm.GuestGate;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest enters and writes to a page that its TLB knows, while the host keeps vCPUs out.
 *
 * <p>Results: of the write, what is in the page once the gate has closed, whether the vCPU is in
 * the guest then, and what is in the page before the gate opens.
 */
@JCStressTest
@Outcome(
    id = "NONE, 1, false, 1",
    expect = Expect.ACCEPTABLE,
    desc = "The guest has not come, or waits until it may.")
@Outcome(
    id = "NONE, 7, false, 7",
    expect = Expect.ACCEPTABLE,
    desc = "The guest had written, and is out.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "While the gate is closed no vCPU is in the guest, and nothing is written.")
@State
public class GateAgainstEnter {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1);

  /** Writes. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Keeps vCPUs out, and looks. */
  @Actor
  public void host(LLLL_Result result) {
    GuestGate.close(td.vm);
    result.r2 = td.content(0);
    result.r3 = td.isFirstSeenInside();
    result.r4 = td.content(0);
    GuestGate.open(td.vm);
  }
}
