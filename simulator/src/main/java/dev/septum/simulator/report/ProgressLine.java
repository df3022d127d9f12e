package dev.septum.simulator.report;

import dev.septum.simulator.replay.PageCounts;
import dev.septum.simulator.replay.ReplayListener;
import java.io.PrintWriter;

/**
 * How a run is getting on: one line, rewritten on a terminal, and a further one now and then
 * elsewhere.
 */
public final class ProgressLine implements ReplayListener {
  private static final long LIVE_MILLIS = 200;
  private static final long PLAIN_MILLIS = 5_000;
  private static final int WIDTH = 79;
  private static final String ERASE = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean live;
  private final boolean quiet;
  private boolean shown;
  private String about = "";
  private long readingShown = System.nanoTime();

  private ProgressLine(PrintWriter out, boolean live, boolean quiet) {
    this.out = out;
    this.live = live;
    this.quiet = quiet;
  }

  /** One line, rewritten. */
  public static ProgressLine live(PrintWriter out) {
    return new ProgressLine(out, true, false);
  }

  /** A line every few seconds. */
  public static ProgressLine plain(PrintWriter out) {
    return new ProgressLine(out, false, false);
  }

  /** For the standard error: rewritten if a person looks at it, or nothing if none is wanted. */
  public static ProgressLine atStandardError(PrintWriter out, boolean isQuiet) {
    if (isQuiet) {
      return quiet(out);
    }
    return Terminal.isAtStandardError() ? live(out) : plain(out);
  }

  /** Nothing. */
  public static ProgressLine quiet(PrintWriter out) {
    return new ProgressLine(out, false, true);
  }

  /** Says which of several runs the next lines are about. */
  public void about(String run) {
    about = run + ": ";
  }

  @Override
  public long intervalMillis() {
    return live ? LIVE_MILLIS : PLAIN_MILLIS;
  }

  /** The trace is being read. */
  public void reading(long lines) {
    long now = System.nanoTime();
    if (now - readingShown >= intervalMillis() * 1_000_000) {
      readingShown = now;
      show("reading  " + Numbers.grouped(lines) + " lines");
    }
  }

  @Override
  public void running(long done, long accesses, double seconds, long faults, PageCounts mapped) {
    show(
        String.format(
            "%5s  %s  faults %s  mapped 4K %s, 2M %s, 1G %s",
            Numbers.percent(done, accesses, 0),
            Numbers.rate(done / seconds),
            Numbers.grouped(faults),
            Numbers.grouped(mapped.small()),
            Numbers.grouped(mapped.large()),
            Numbers.grouped(mapped.huge())));
  }

  /** Shows a text in place of the last. */
  public void show(String what) {
    if (quiet) {
      return;
    }
    String text = about + what;
    if (live) {
      out.print(ERASE + (text.length() > WIDTH ? text.substring(0, WIDTH) : text));
    } else {
      out.println(text);
    }
    out.flush();
    shown = true;
  }

  /** Takes the line away again, if it is one that is rewritten. */
  public void clear() {
    if (live && shown) {
      out.print(ERASE);
      out.flush();
      shown = false;
    }
  }
}
