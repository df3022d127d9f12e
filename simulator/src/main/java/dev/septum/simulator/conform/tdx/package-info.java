/**
 * Records of Intel's TDX module, 1.5.01: random traces of calls, and single calls in a prepared
 * state.
 *
 * <p>A {@link dev.septum.simulator.conform.tdx.TdxMachine} is the engine's model of the module with
 * one TD; {@link dev.septum.simulator.conform.tdx.TdxWords} says in the records' terms what is
 * found there. A {@link dev.septum.simulator.conform.tdx.TraceReplay} replays traces, a {@link
 * dev.septum.simulator.conform.tdx.CaseReplay} cases. What belongs here: the records' format, and
 * the states in which they begin. What does not: anything that a leaf function decides. Nothing
 * here is shared between threads.
 */
@NullMarked
package dev.septum.simulator.conform.tdx;

import org.jspecify.annotations.NullMarked;
