/**
 * {@code bin/septum bench}: runs the benchmarks, keeps what they measured, draws it, and compares
 * two runs. Exit codes and error lines are the simulator's.
 *
 * <ul>
 *   <li>what is run: {@link dev.septum.jmh.bench.Suite}, {@link dev.septum.jmh.bench.Trial}, {@link
 *       dev.septum.jmh.bench.SuiteRun}, and the same work in C, {@link
 *       dev.septum.jmh.bench.CReference}
 *   <li>what is kept: JMH's own JSON ({@link dev.septum.jmh.bench.ResultFile}); each result has
 *       besides what JMH writes an object {@code machine} ({@link dev.septum.jmh.bench.Machine})
 *   <li>what is made of it: {@link dev.septum.jmh.bench.ResultTable}, {@link
 *       dev.septum.jmh.bench.ChartSelection} and {@link dev.septum.jmh.bench.ChartDrawing}, {@link
 *       dev.septum.jmh.bench.Comparison}
 * </ul>
 */
@NullMarked
package dev.septum.jmh.bench;

import org.jspecify.annotations.NullMarked;
