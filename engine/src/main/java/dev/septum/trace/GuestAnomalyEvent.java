package dev.septum.trace;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A guest of a trust domain has done something that no sound guest does. */
@Name("dev.septum.GuestAnomaly")
@Label("Guest Anomaly")
@Category("Septum")
@Description("A guest's fault or attack; never an error of the host")
@StackTrace(false)
public final class GuestAnomalyEvent extends Event {
  /** What it did. */
  @Label("Kind")
  public String kind = "";

  /** The guest-physical address, in bytes. */
  @Label("GPA")
  public long gpa;

  /** The level that it asked for. */
  @Label("Level")
  public String level = "";

  /** An event that nobody has filled in yet. */
  public GuestAnomalyEvent() {}
}
