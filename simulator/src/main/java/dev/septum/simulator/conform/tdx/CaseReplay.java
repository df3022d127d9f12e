package dev.septum.simulator.conform.tdx;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.RecordReplay;
import dev.septum.simulator.conform.Subject;
import dev.septum.simulator.conform.Verdict;

/** Replays cases. */
public final class CaseReplay implements RecordReplay {
  @Override
  public String noun() {
    return "case";
  }

  @Override
  public String against() {
    return TraceReplay.AGAINST;
  }

  @Override
  public Recorded read(RecordNode record) throws BadInputException {
    Subject subject = new Subject(record.place(), noun(), 0, record.text("op"), record.text("set"));
    return new Recorded() {
      @Override
      public Subject subject() {
        return subject;
      }

      @Override
      public Verdict replay() {
        return new Verdict.Unsupported("cases");
      }
    };
  }
}
