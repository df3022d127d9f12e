package dev.septum.simulator.input;

/**
 * What one vCPU does.
 *
 * @param vcpu the vCPU's number
 * @param log its accesses
 */
public record VcpuStream(int vcpu, AccessLog log) {}
