/**
 * The {@code conform} command: replays recorded scripts of operations through the engine and
 * compares every step with what the recorded code did.
 *
 * <p>A line of a file is a {@link dev.septum.simulator.conform.RecordNode}; one that is a script
 * becomes a {@link dev.septum.simulator.conform.Script}, whose operations ({@link
 * dev.septum.simulator.conform.Operation}) drive a {@link
 * dev.septum.simulator.conform.ScriptMachine}. What belongs here: the records' format, and what
 * each of their operations is in the engine's terms. What does not: anything that would make the
 * engine agree. Nothing here is shared between threads.
 */
@NullMarked
package dev.septum.simulator.conform;

import org.jspecify.annotations.NullMarked;
