package dev.septum.simulator.conform;

import dev.septum.mmu.MmuOptions;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.tdx.CaseReplay;
import dev.septum.simulator.conform.tdx.TraceReplay;

/** What a record was recorded of, by the field that no other kind has. */
enum RecordKind {
  /** A script of operations on KVM's TDP MMU, and what each did. */
  KVM_SCRIPT("script") {
    @Override
    RecordReplay newReplay() {
      return new ScriptReplay(MmuOptions.KVM);
    }
  },
  /** A random walk through the leaf functions of the TDX module. */
  TDX_TRACE("trace") {
    @Override
    RecordReplay newReplay() {
      return new TraceReplay();
    }
  },
  /** One leaf function of the TDX module in one prepared state. */
  TDX_CASE("set") {
    @Override
    RecordReplay newReplay() {
      return new CaseReplay();
    }
  };

  private final String mark;

  RecordKind(String mark) {
    this.mark = mark;
  }

  /** What replays such records, one file of them. */
  abstract RecordReplay newReplay();

  static RecordKind of(RecordNode record) throws BadInputException {
    for (RecordKind kind : values()) {
      if (record.has(kind.mark)) {
        return kind;
      }
    }
    throw record.unexpected("a record of a script, a trace or a case");
  }
}
