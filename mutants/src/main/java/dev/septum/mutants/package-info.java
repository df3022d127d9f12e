/**
 * Seeded bugs: small, wrong variants of the engine's protocols, and which test catches each.
 *
 * <p>A mutant is a text beside this package: a source file of the product, a piece of it, and what
 * stands there instead. {@link dev.septum.mutants.Mutants} compiles the changed file against the
 * product, and runs the test that must fail with the result in front of its class path. So nothing
 * in the product knows of mutants, and what a mutant breaks can be read.
 *
 * <p>One that no test catches is a hole in the tests.
 */
@NullMarked
package dev.septum.mutants;

import org.jspecify.annotations.NullMarked;
