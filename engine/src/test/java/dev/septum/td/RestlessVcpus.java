package dev.septum.td;

import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import java.util.ArrayList;
import java.util.List;

/** vCPUs that are always in the guest: who is kicked out comes in again at once, if he may. */
final class RestlessVcpus implements VcpuKicker {
  private final TdxModule module;
  private final List<TdVcpu> vcpus = new ArrayList<>();
  private final SeamcallRegisters call = new SeamcallRegisters();
  boolean excluded;

  /** Nobody heeds a kick. */
  boolean deaf;

  int kicks;

  RestlessVcpus(TdxModule module) {
    this.module = module;
  }

  void enter(TdVcpu vcpu) {
    vcpus.add(vcpu);
    comeIn();
  }

  /** Brings in all who are out. */
  void comeIn() {
    for (TdVcpu vcpu : vcpus) {
      while (!excluded && !vcpu.isInside()) {
        long status = module.seamcall(call, TdxLeaf.VP_ENTER, vcpu.tdvpr());
        if (SeamcallStatus.detail(status) == SeamcallStatus.TD_KEYS_NOT_CONFIGURED) {
          return; // the TD has come to its end
        }
        if (status != SeamcallStatus.SUCCESS
            && SeamcallStatus.detail(status) != SeamcallStatus.OPERAND_BUSY) {
          throw new AssertionError("VP.ENTER: " + SeamcallStatus.describe(status));
        }
      }
    }
  }

  private void goOut() {
    for (TdVcpu vcpu : vcpus) {
      if (vcpu.isInside()) {
        module.guest().exit(vcpu, 0);
      }
    }
  }

  @Override
  public void kick() {
    kicks++;
    if (!deaf) {
      goOut();
      comeIn();
    }
  }

  @Override
  public void exclude() {
    if (excluded) {
      throw new AssertionError("excluded twice");
    }
    goOut();
    excluded = true;
  }

  @Override
  public void admit() {
    if (!excluded) {
      throw new AssertionError("admitted, and not excluded");
    }
    excluded = false;
    comeIn();
  }
}
