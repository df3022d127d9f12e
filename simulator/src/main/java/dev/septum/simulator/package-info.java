/**
 * The command line: what the user may ask for, checked, and handed on. Exit codes are those of
 * {@link dev.septum.simulator.ExitCode}.
 *
 * <ul>
 *   <li>{@code input}: traces, from bytes to accesses by vCPU
 *   <li>{@code guest}: how a trust domain's guest comes to its memory, and whether it keeps it
 *   <li>{@code replay}: a machine, its vCPU threads, what its host does meanwhile
 *   <li>{@code soak}: everything at once in one machine, for as long as wanted
 *   <li>{@code report}: progress, the report, JSON
 *   <li>{@code tree}: the trees of a machine side by side, and scenarios
 *   <li>{@code conform}: records of the real code, step by step
 * </ul>
 */
@NullMarked
package dev.septum.simulator;

import org.jspecify.annotations.NullMarked;
