/**
 * The trees of a machine at rest, side by side: walked in step, folded into rows, printed. And
 * scenarios: small texts of operations that bring a machine to where its trees are worth a look.
 * One thread; nothing is shared.
 */
@NullMarked
package dev.septum.simulator.tree;

import org.jspecify.annotations.NullMarked;
