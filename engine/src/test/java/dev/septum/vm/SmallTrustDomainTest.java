package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A TD as small as checkers have them: its two trees differ in the top bit of a gfn, which with two
 * levels is a bit of the index in the only table of 2M entries.
 */
final class SmallTrustDomainTest {
  @ParameterizedTest(name = "{0} levels of {1} bits, shared first: {2}")
  @CsvSource({"2,1,false", "2,1,true", "2,2,false", "2,2,true", "3,1,false", "3,1,true"})
  void oneVcpuInBothTreesKeepsThemApart(int levels, int bits, boolean sharedFirst) {
    Geometry geometry = new Geometry(levels, bits);
    TrustDomainOptions options = TrustDomainOptions.DEFAULT.withHostPages(2);
    try (VirtualMachine vm =
        VirtualMachine.builder().geometry(geometry).maxTables(16).trustDomain(options).build()) {
      vm.addSlot(GfnRange.ofPages(0, 2), PageLevel.LEVEL_4K);
      TrustDomainHost host = vm.trustDomain();
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      host.convertToPrivate(GfnRange.ofPages(0, 1));
      host.finalizeBuild();
      long shared = host.sharedBit() | 1 << 12;
      if (sharedFirst) {
        vcpu.store(shared, 7);
      }
      vcpu.accept(0, PageLevel.LEVEL_4K);
      vcpu.store(shared, 7);
      assertEquals(List.of(), vm.audit());
      assertEquals(1, vm.zap(GfnRange.ofPages(1, 1)));
      assertEquals(VcpuExit.NONE, vcpu.access(0, Access.READ));
      assertEquals(List.of(), vm.audit());
      vcpu.close();
    }
  }

  @Test
  void anAcceptInALargerPageThatStaysWantsNoTable() {
    TrustDomainOptions options =
        TrustDomainOptions.DEFAULT.withAcceptPolicy(AcceptPolicy.IGNORE).withHostPages(2);
    try (VirtualMachine vm =
        VirtualMachine.builder()
            .geometry(new Geometry(2, 1))
            .maxTables(2) // the roots'
            .trustDomain(options)
            .build()) {
      vm.addSlot(GfnRange.ofPages(0, 2), PageLevel.LEVEL_2M);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      vm.trustDomain().convertToPrivate(GfnRange.ofPages(0, 2));
      vm.trustDomain().finalizeBuild();
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(0, Access.WRITE));
      assertEquals(TrustDomainVcpu.NOT_COMPLETED, vcpu.accept(0, PageLevel.LEVEL_4K));
      assertEquals(VcpuExit.ENDLESS_VIOLATION, vcpu.exit());
      assertEquals(List.of(), vm.audit());
      vcpu.close();
    }
  }
}
