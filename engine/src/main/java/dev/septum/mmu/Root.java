package dev.septum.mmu;

/**
 * A tree.
 *
 * @param table its root table
 */
record Root(int table) {}
