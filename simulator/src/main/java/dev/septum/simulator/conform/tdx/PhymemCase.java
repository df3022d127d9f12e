package dev.septum.simulator.conform.tdx;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.conform.JsonNumbers;
import dev.septum.simulator.conform.RecordNode;
import dev.septum.simulator.conform.UnsupportedException;
import dev.septum.tdx.Lifecycle;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.OpState;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;

/**
 * A leaf function about a host page. The page is not told, but what it is used for: any page that
 * is used for that will do. WBINVD leaves its operand in RCX, key included.
 */
final class PhymemCase {
  private static final int CONTROL_PAGES = 12;
  private static final long FREE_PAGE = 0x1_00e0_0000L;
  private static final long OUTSIDE = 0x10_0000_0000L;
  private static final long INSIDE = 0x5000;
  private static final long UNALIGNED = 0x10;

  private final TdxMachine machine = new TdxMachine(OpState.INITIALIZED, true, CONTROL_PAGES);

  private PhymemCase() {}

  static void run(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    new PhymemCase().runOne(record, found);
  }

  private void runOne(RecordNode record, ObjectNode found)
      throws BadInputException, UnsupportedException {
    TdxLeaf leaf = CaseRecord.leaf(record.text("op"));
    String variant = record.text("variant");
    boolean tellsPage = leaf == TdxLeaf.PHYMEM_PAGE_WBINVD;
    long prepared = prepare(variant);
    long hpa = tellsPage ? told(record, variant) : prepared;
    machine.state.setLifecycle(machine.td, lifecycle(record.text("lifecycle")), true);
    SeamcallRegisters call = new SeamcallRegisters();
    call.rax = leaf.number();
    call.rcx = tellsPage ? record.hex("rcx") : hpa;
    final long before = machine.td.childCount();
    CaseCall.describeStatus(found, machine.module.seamcall(call));
    found.set("rcx", TdxWords.hex(call.rcx));
    found.set("rdx", TdxWords.hex(call.rdx));
    found.set("r8", TdxWords.hex(call.r8));
    found.set("r9", TdxWords.hex(call.r9));
    found.set("chldcnt_delta", JsonNumbers.of(machine.td.childCount() - before));
    found.putNull("pamt_after");
    if (machine.state.contains(hpa)) {
      ObjectNode pages = found.putObject("pamt_after");
      pages.put("4K", machine.state.pageType(0, hpa).name());
      pages.put("2M", machine.state.pageType(1, hpa).name());
      pages.put("1G", machine.state.pageType(2, hpa).name());
    }
  }

  /** The page that WBINVD's operand names; made what the variant says, if it is another one. */
  private long told(RecordNode record, String variant)
      throws BadInputException, UnsupportedException {
    long hpa = record.hex("rcx") & (1L << ModuleConfig.PHYSICAL_BITS) - 1;
    if (variant.equals("not_in_tdmr") && machine.state.contains(hpa)) {
      throw new UnsupportedException("TDMRs that end before another page");
    }
    if (variant.equals("tdcx_page") && machine.state.pageType(0, hpa) == PageType.NDA) {
      machine.state.assignPage(0, hpa, PageType.TDCX, machine.td);
    }
    return hpa;
  }

  private static Lifecycle lifecycle(String name) throws UnsupportedException {
    for (Lifecycle lifecycle : Lifecycle.values()) {
      if (lifecycle.name().equals(name)) {
        return lifecycle;
      }
    }
    throw new UnsupportedException("life cycle " + name);
  }

  /** Makes a page what a variant says, by calls where there are calls for it. */
  private long prepare(String variant) throws UnsupportedException {
    for (int level = TdxMachine.TOP; level > 1; level--) {
      machine.addTable(CaseState.GPA, level, SeptState.NL_MAPPED, TdxMachine.tableBelow(level));
    }
    switch (variant) {
      case "tdr_page" -> {
        return TdxMachine.TDR;
      }
      case "tdcx_page" -> {
        return TdxMachine.TDR + TdxMachine.PAGE;
      }
      case "tdvpr_page" -> {
        return TdxMachine.TDVPR;
      }
      case "sept_page" -> {
        return TdxMachine.TABLES;
      }
      case "nda_page" -> {
        return FREE_PAGE;
      }
      case "not_in_tdmr" -> {
        return OUTSIDE;
      }
      case "4k_reg_page", "unaligned", "page_after_remove" -> {
        return prepareSmall(variant);
      }
      case "1g_reg_base", "1g_reg_inside" -> {
        long other = CaseState.GPA + CaseState.bytes(2);
        map(2, other, CaseState.HUGE_PAGE, SeptState.MAPPED);
        return CaseState.HUGE_PAGE + (variant.equals("1g_reg_inside") ? INSIDE : 0);
      }
      default -> {
        return prepareLarge(variant);
      }
    }
  }

  private long prepareSmall(String variant) {
    call(TdxLeaf.MEM_SEPT_ADD, 1, TdxMachine.tableBelow(1));
    call(TdxLeaf.MEM_PAGE_AUG, 0, CaseState.SMALL_PAGE);
    if (variant.equals("page_after_remove")) {
      call(TdxLeaf.MEM_PAGE_REMOVE, 0, 0);
    }
    return CaseState.SMALL_PAGE + (variant.equals("unaligned") ? UNALIGNED : 0);
  }

  private long prepareLarge(String variant) throws UnsupportedException {
    long table = TdxMachine.tableBelow(1);
    if (variant.equals("sept_page_of_nl_blocked")) {
      call(TdxLeaf.MEM_SEPT_ADD, 1, table);
      call(TdxLeaf.MEM_RANGE_BLOCK, 1, 0);
      return table;
    }
    call(TdxLeaf.MEM_PAGE_AUG, 1, CaseState.LARGE_PAGE);
    switch (variant) {
      case "2m_reg_base", "2m_reg_pending" -> {
        return CaseState.LARGE_PAGE;
      }
      case "2m_reg_inside" -> {
        return CaseState.LARGE_PAGE + INSIDE;
      }
      case "4k_child_after_demote" -> {
        call(TdxLeaf.MEM_PAGE_DEMOTE, 1, CaseState.SMALL_R8);
        return CaseState.LARGE_PAGE + INSIDE;
      }
      case "2m_base_after_demote" -> {
        call(TdxLeaf.MEM_PAGE_DEMOTE, 1, CaseState.SMALL_R8);
        return CaseState.LARGE_PAGE;
      }
      case "demote_table_page" -> {
        call(TdxLeaf.MEM_PAGE_DEMOTE, 1, CaseState.SMALL_R8);
        return CaseState.SMALL_R8;
      }
      case "table_after_promote", "2m_after_promote" -> {
        call(TdxLeaf.MEM_PAGE_DEMOTE, 1, table);
        call(TdxLeaf.MEM_PAGE_PROMOTE, 1, 0);
        return variant.equals("2m_after_promote") ? CaseState.LARGE_PAGE : table;
      }
      default -> throw new UnsupportedException("variant '" + variant + "' of the set phymem");
    }
  }

  private void map(int level, long gpa, long hpa, SeptState state) {
    machine.state.assignPage(level, hpa, PageType.REG, machine.td);
    machine.state.addChildren(machine.td, TdxMachine.GEOMETRY.pages(level + 1));
    machine.state.setEntry(machine.td, gpa, level, SeptEntry.makeLeaf(state, hpa));
  }

  private void call(TdxLeaf leaf, int level, long page) {
    long status = machine.seamcall(leaf, level, CaseState.GPA, page);
    if (status != 0) {
      throw new IllegalStateException(leaf.longName() + " of the preparation: " + status);
    }
  }
}
