package dev.septum.simulator.conform;

import dev.septum.simulator.BadInputException;

/** Reads and replays the records of one kind, in the order of their file. */
public interface RecordReplay {
  /** What such a record is called; several of them with an s. */
  String noun();

  /** What it is compared with, for the head of a report. */
  String against();

  /**
   * Reads a record.
   *
   * @throws BadInputException if it is none of this kind
   */
  Recorded read(RecordNode record) throws BadInputException;

  /** A record that was read. */
  interface Recorded {
    /** Which one it is. */
    Subject subject();

    /**
     * Replays it up to the first difference.
     *
     * @throws BadInputException if it is not whole; known before anything is run
     */
    Verdict replay() throws BadInputException;

    /** A record whose replay may find that it is unsupported. */
    static Recorded of(Subject subject, Attempt attempt) {
      return new Recorded() {
        @Override
        public Subject subject() {
          return subject;
        }

        @Override
        public Verdict replay() throws BadInputException {
          try {
            return attempt.run();
          } catch (UnsupportedException e) {
            return new Verdict.Unsupported(e.reason());
          }
        }
      };
    }
  }

  /** The replay of one record. */
  interface Attempt {
    Verdict run() throws BadInputException, UnsupportedException;
  }
}
