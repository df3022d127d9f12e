/**
 * Traces: from the bytes of a file to each vCPU's accesses. {@link
 * dev.septum.simulator.input.TraceSource} opens, {@code LineReader} finds lines, {@code
 * FormatDetector} knows whose they are, a {@link dev.septum.simulator.input.LineParser} reads one,
 * {@link dev.septum.simulator.input.TraceRecorder} keeps what it says. A further format is a
 * further {@code LineParser} and a constant of {@link dev.septum.simulator.input.TraceFormat},
 * which says what its lines look like.
 *
 * <p>Used by one thread; what comes out is read by many and changed by none.
 */
@NullMarked
package dev.septum.simulator.input;

import org.jspecify.annotations.NullMarked;
