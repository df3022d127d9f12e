/**
 * The same work for Septum and for what one might use in its place: ready-made maps, and a plain
 * radix tree under one lock.
 *
 * <p>{@link dev.septum.jmh.peers.PageMap} is what all can do, {@link dev.septum.jmh.peers.Peer} who
 * they are; {@link dev.septum.jmh.peers.PeerPaths} measures time, {@link
 * dev.septum.jmh.peers.PeerFootprint} memory. A peer does less than Septum: no A and D, no retry by
 * an invalidation, no split or merge, no table that is used again only after a grace period, and a
 * page and a larger one around it can be mapped at once, if two threads do it at once.
 */
@NullMarked
package dev.septum.jmh.peers;

import org.jspecify.annotations.NullMarked;
