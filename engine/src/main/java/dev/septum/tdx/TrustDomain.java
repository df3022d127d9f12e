package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;

/** A TD as the module keeps it: its root page (TDR), its control structure (TDCS), its tree. */
public final class TrustDomain {
  private static final VarHandle CHILD_COUNT;
  private static final int OP_STATE_LOCK = 16;
  private static final int TREE_LOCK = 48;
  private static final int WORDS = 80;

  static {
    try {
      CHILD_COUNT =
          MethodHandles.lookup().findVarHandle(TrustDomain.class, "childCount", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final long tdrPfn;
  private final long rootPfn;
  private final int sharedBit;
  private final boolean flexiblePendingVe;
  private final TdEpochs epochs = new TdEpochs();
  private final long[] root;

  /** The locks of OP_STATE and of the tree, each on a line of its own. */
  private final int[] words = new int[WORDS];

  private volatile Lifecycle lifecycle = Lifecycle.KEYS_CONFIGURED;
  private volatile OpState opState = OpState.INITIALIZED;
  private volatile boolean controlComplete = true;
  private volatile boolean pendingVeDisabled;
  private volatile boolean cachesWrittenBack;
  private volatile TdVcpu[] vcpus = {};

  @SuppressWarnings("unused") // through CHILD_COUNT
  private volatile long childCount;

  TrustDomain(
      long tdrPfn,
      long rootPfn,
      long[] root,
      int sharedBit,
      boolean pendingVeDisabled,
      boolean flexiblePendingVe) {
    this.tdrPfn = tdrPfn;
    this.rootPfn = rootPfn;
    this.root = root;
    this.sharedBit = sharedBit;
    this.pendingVeDisabled = pendingVeDisabled;
    this.flexiblePendingVe = flexiblePendingVe;
    Arrays.fill(root, SeptEntry.FREE);
  }

  /** The host address of its root page, in bytes: RDX of most leaf functions. */
  public long tdr() {
    return tdrPfn << Geometry.PAGE_SHIFT;
  }

  long tdrPfn() {
    return tdrPfn;
  }

  long rootPfn() {
    return rootPfn;
  }

  long[] root() {
    return root;
  }

  /** The address bit that tells shared memory from private. */
  public int sharedBit() {
    return sharedBit;
  }

  /** How far it has come. */
  public Lifecycle lifecycle() {
    return lifecycle;
  }

  void setLifecycle(Lifecycle now) {
    lifecycle = now;
  }

  /** What it may do. */
  public OpState opState() {
    return opState;
  }

  void setOpState(OpState now) {
    opState = now;
  }

  boolean isControlComplete() {
    return controlComplete;
  }

  void setControlComplete(boolean now) {
    controlComplete = now;
  }

  boolean areCachesWrittenBack() {
    return cachesWrittenBack;
  }

  void setCachesWrittenBack() {
    cachesWrittenBack = true;
  }

  /** Its TLB epochs. */
  public TdEpochs epochs() {
    return epochs;
  }

  /** TD_CTLS.PENDING_VE_DISABLE: a touch of a page to be accepted exits, in place of a #VE. */
  public boolean isPendingVeDisabled() {
    return pendingVeDisabled;
  }

  /**
   * The guest sets TD_CTLS.PENDING_VE_DISABLE.
   *
   * @throws IllegalStateException if it was not made with FLEXIBLE_PENDING_VE
   */
  public void setPendingVeDisabled(boolean disabled) {
    if (!flexiblePendingVe) {
      throw new IllegalStateException("the TD was made without FLEXIBLE_PENDING_VE");
    }
    pendingVeDisabled = disabled;
  }

  /** Its vCPUs. */
  public List<TdVcpu> vcpus() {
    return List.of(vcpus);
  }

  TdVcpu[] vcpuArray() {
    return vcpus;
  }

  synchronized void add(TdVcpu vcpu) {
    TdVcpu[] grown = Arrays.copyOf(vcpus, vcpus.length + 1);
    grown[grown.length - 1] = vcpu;
    vcpus = grown;
  }

  /** CHLDCNT: 4K pages that belong to it, its root page not among them. */
  public long childCount() {
    return (long) CHILD_COUNT.getVolatile(this);
  }

  void addChildren(long count) {
    CHILD_COUNT.getAndAdd(this, count);
  }

  int[] words() {
    return words;
  }

  static int opStateLock() {
    return OP_STATE_LOCK;
  }

  static int treeLock() {
    return TREE_LOCK;
  }

  int opStateLockWord() {
    return TryLocks.wordVolatile(words, OP_STATE_LOCK);
  }

  int treeLockWord() {
    return TryLocks.wordVolatile(words, TREE_LOCK);
  }
}
