package dev.septum.jcstress;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ReadSection;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * An exclusive and a shared holder each say that they are in, stay for a while, and look whether
 * the other is in. {@link LockModes} asks what they see; this finds them inside together though
 * they see nothing half done.
 *
 * <p>Results: whether the exclusive holder, and the shared one, has met the other.
 */
@JCStressTest
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "One after the other.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Both were in at once.")
@State
public class LockExclusion {
  private static final int STAY = 20;

  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final ReadSection section = lock.periods().register();
  private volatile boolean isAlone;
  private volatile boolean isShared;

  /** Is in alone. */
  @Actor
  public void first(ZZ_Result result) {
    long stamp = lock.lockExclusive();
    isAlone = true;
    boolean met = isShared;
    for (int stay = 0; stay < STAY; stay++) {
      met |= isShared;
    }
    isAlone = false;
    lock.unlockExclusive(stamp);
    result.r1 = met;
  }

  /** Is in, shared. */
  @Actor
  public void second(ZZ_Result result) {
    long stamp = lock.lockShared(section);
    isShared = true;
    boolean met = isAlone;
    for (int stay = 0; stay < STAY; stay++) {
      met |= isAlone;
    }
    isShared = false;
    lock.unlockShared(section, stamp);
    result.r2 = met;
  }
}
