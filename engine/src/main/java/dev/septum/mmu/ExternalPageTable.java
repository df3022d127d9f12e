package dev.septum.mmu;

/**
 * What a mirror root repeats: a page table that only somebody else can change (the Secure EPT, by
 * the TDX module). Every change of a mirror entry is forwarded here before it is published.
 *
 * <p>{@link #set} is told the old and the new entry and nothing else: what is to be done follows
 * from the two alone (KVM's {@code set_external_spte}).
 *
 * <table>
 * <caption>Changes</caption>
 * <tr><th>old</th><th>now</th><th>means</th></tr>
 * <tr><td>empty</td><td>leaf</td><td>map a page</td></tr>
 * <tr><td>empty</td><td>table</td><td>link an empty table</td></tr>
 * <tr><td>leaf</td><td>empty</td><td>remove a page</td></tr>
 * <tr><td>leaf</td><td>table</td><td>split: the table has the same pages, smaller</td></tr>
 * <tr><td>table</td><td>leaf</td><td>merge</td></tr>
 * </table>
 *
 * <p>Called with the entry FROZEN, the MMU lock held and a read section open; must not take the MMU
 * lock. Gfns are canonical, levels the MMU's (1 is 4K).
 */
public interface ExternalPageTable {
  /** What became of a change. */
  enum Outcome {
    /** It is made. */
    DONE,
    /**
     * Something was busy. The external table has the old entry, but what it maps may be out of the
     * guest's reach until the change is asked for again and made.
     */
    BUSY,
    /** A merge that cannot be made as things stand. The external table is as it was. */
    REFUSED
  }

  /**
   * Makes a change. Must not wait for another thread, but for vCPUs to leave the guest.
   *
   * @param gfn the first gfn under the entry
   * @param level the level of the entry
   * @throws IllegalStateException if the external table is not what the mirror says: an invariant
   *     of the host is broken, and the machine is bugged with this message
   */
  Outcome set(long gfn, int level, long old, long now);

  /**
   * Makes several changes, in their order, each of which ends DONE or REFUSED. If this is BUSY it
   * may be asked again with the same batch, and goes on where it stopped. Else as {@link #set}, of
   * which it is a sequence if the implementation knows nothing better.
   *
   * @return DONE if all have ended; BUSY
   * @throws IllegalStateException as {@link #set} does; what has ended by then has been made or
   *     refused
   */
  default Outcome setAll(ChangeBatch batch) {
    while (batch.ended() < batch.size()) {
      int change = batch.ended();
      Outcome outcome =
          set(batch.gfn(change), batch.level(change), batch.old(change), batch.now(change));
      if (outcome == Outcome.BUSY) {
        return Outcome.BUSY;
      }
      batch.noteEnded(outcome);
    }
    return Outcome.DONE;
  }

  /**
   * A change that was BUSY under the shared lock goes back to the fault that wanted it, and may
   * never be asked for again: nobody must be kept waiting for it. May wait for vCPUs to end what
   * they are doing at the entry.
   *
   * @param gfn the first gfn under the entry
   * @param level the level of the entry
   * @throws IllegalStateException if somebody would be: the machine is bugged with this message
   */
  default void giveUp(long gfn, int level) {}

  /**
   * Takes back the page of a table of the torn-down mirror, whose entries are all empty by now.
   * Called children first; the root has no page here.
   *
   * @param gfn the first gfn under the table
   * @param level the level of the table's entries
   * @param table its number
   * @throws IllegalStateException if it is not to be had: the page is lost to the host
   */
  void freeTable(long gfn, int level, int table);

  /**
   * Brings every vCPU out of the guest and keeps it out until {@link #admitVcpus}, so that the
   * retry of a change that was BUSY under the exclusive lock finds nobody to be busy with.
   */
  void excludeVcpus();

  /** Ends {@link #excludeVcpus}. */
  void admitVcpus();
}
