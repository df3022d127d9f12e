package dev.septum.tdx;

/** What a host page is used for, as the PAMT keeps it. Source: the TDX module, 1.5.01. */
public enum PageType {
  /** Not assigned to any TD. At 2M and 1G also: divided. */
  NDA(0),
  /** Never to be assigned. */
  RSVD(1),
  /** A TD's private memory. */
  REG(3),
  /** A TD's root. */
  TDR(4),
  /** A control page of a TD or of a vCPU. */
  TDCX(5),
  /** A vCPU's root. */
  TDVPR(6),
  /** A Secure EPT table. */
  EPT(8),
  /** Dynamic PAMT, at 2M: divided, and described by a page pair. */
  PAMT(15);

  private static final PageType[] BY_NUMBER = new PageType[16];

  static {
    for (PageType type : values()) {
      BY_NUMBER[type.number] = type;
    }
  }

  private final int number;

  PageType(int number) {
    this.number = number;
  }

  /** The number that TDH.PHYMEM.PAGE.RDMD reports. */
  public int number() {
    return number;
  }

  static PageType ofNumber(int number) {
    return BY_NUMBER[number];
  }
}
