package dev.septum.jmh;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to start a normal VM of 4 GiB: until its vCPU has made its first access, and until
 * it is closed again. In a JVM that has started some, and in one that has not ({@code -bm ss -wi 0
 * -i 1}).
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class VmStartPaths {
  private static final GfnRange MEMORY = GfnRange.ofBytes(0, 4L << 30);
  private static final long GPA = 1L << 30;

  /** Backed by pages of 2M. */
  @Benchmark
  public VcpuExit startLarge() {
    return start(PageLevel.LEVEL_2M);
  }

  /** Backed by pages of 4K. */
  @Benchmark
  public VcpuExit startSmall() {
    return start(PageLevel.LEVEL_4K);
  }

  private static VcpuExit start(PageLevel backing) {
    try (VirtualMachine vm = VirtualMachine.builder().build()) {
      vm.addSlot(MEMORY, backing);
      Vcpu vcpu = vm.newVcpu();
      VcpuExit exit = vcpu.access(GPA, Access.WRITE);
      if (exit != VcpuExit.NONE) {
        throw new IllegalStateException("the first access: " + exit);
      }
      return exit;
    }
  }
}
