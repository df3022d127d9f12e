package dev.septum.simulator.conform;

import dev.septum.simulator.BadInputException;

/** What a record was recorded of, by the field that no other kind has. */
enum RecordKind {
  /** A script of operations on KVM's TDP MMU, and what each did. */
  KVM_SCRIPT("script"),
  /** A random walk through the leaf functions of the TDX module. */
  TDX_TRACE("trace"),
  /** One leaf function of the TDX module in one prepared state. */
  TDX_CASE("set");

  private final String mark;

  RecordKind(String mark) {
    this.mark = mark;
  }

  static RecordKind of(RecordNode record) throws BadInputException {
    for (RecordKind kind : values()) {
      if (record.has(kind.mark)) {
        return kind;
      }
    }
    throw record.unexpected("a record of a script");
  }
}
