package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Accesses behind the codes that processors give, as kernels print them. */
class FaultCodeTest {
  @ParameterizedTest
  @CsvSource({
    "0x181, READ", "0x182, WRITE", "0x184, EXECUTE", "0x784, EXECUTE", "0x582, WRITE",
    "0x1a9, READ", "0x1b1, READ", "0x19c, EXECUTE", "0x83, WRITE", "0x81, READ",
  })
  void intelsQualificationHasFetchesInBit2(String code, Access access) {
    assertEquals(access, FaultCode.access(Long.decode(code)));
  }

  @ParameterizedTest
  @CsvSource({
    "0x100000004, READ", "0x100000006, WRITE", "0x100000007, WRITE", "0x100000014, EXECUTE",
    "0x200000005, READ", "0x200000007, WRITE", "0x200000015, EXECUTE", "0x500000004, READ",
    "0x80000004, READ", "0x100000084, READ",
  })
  void amdsCodeHasFetchesInBit4(String code, Access access) {
    assertEquals(access, FaultCode.access(Long.decode(code)));
  }

  @ParameterizedTest
  @CsvSource({
    "0x4, READ",
    "0x5, READ",
    "0x6, WRITE",
    "0x14, EXECUTE",
    "0x15, EXECUTE",
    "0x0, READ"
  })
  void amdsCodeInItsLowHalfIsReadAsAmds(String code, Access access) {
    assertEquals(access, FaultCode.access(Long.decode(code)));
  }
}
