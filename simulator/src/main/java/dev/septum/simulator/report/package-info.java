/**
 * What the user sees of a run: {@link dev.septum.simulator.report.ProgressLine} while it lasts,
 * {@link dev.septum.simulator.report.TextReport} and {@link dev.septum.simulator.report.JsonReport}
 * at its end. Used by one thread.
 */
@NullMarked
package dev.septum.simulator.report;

import org.jspecify.annotations.NullMarked;
