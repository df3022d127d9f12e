package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The columns and words of the tracepoint, line by line. */
class FtraceParserTest {
  private String seen = "";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "address fee000b0 error_code 2           | 0 WRITE fee000b0",
        "address 0xfee000b0 error_code 0x181     | 0 READ fee000b0",
        "vcpu 3 address fee000b0 error_code 181  | 3 READ fee000b0",
        "rip fff0 address fffffff0 error_code 184 | 0 EXECUTE fffffff0",
        "vcpu 12 rip 0xffffffff81042a10 address 0x00000000fee000b0 error_code 0x182"
            + " | 12 WRITE fee000b0",
      })
  void wordsOfEveryKernelAreRead(String words, String access) throws Exception {
    assertTrue(parse("kvm_page_fault: " + words + " "));
    assertEquals(access, seen);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "        qemu-kvm-4711  [002] ....  1201.100002: |4711",
        "           <...>-4712  [002] d..1  1201.100002: |4712",
        "       CPU 0/KVM-4713  (   4700) [040] d..1.  1201.100002: |4713",
        "       CPU 0/KVM-4714  (-------) [040] ....  1201.100002: |4714",
        "qemu-system-x86-4715  [036] 2316032.840657: |4715",
        "qemu-system-x86-4716  [036] 2316032.840657: (+12) |4716",
        "CPU 1/KVM  4717 [001]  1201.100002:       kvm:|4717",
        "CPU 1/KVM  4700/4718 [001]  1201.100002: kvm:|4718",
        "   qemu-4719    0d..1    4us : |4719",
        "   qemu-4720    0d..1    4us+: |4720",
        "\t[005] 1201.100002: |5",
        "worker12 [006] 1201.100002: |6",
        "host7:  qemu-kvm-4721 [002] .... 1201.100002: |4721",
        " |0",
      })
  void taskIsFoundInAnyColumns(String columns, int vcpu) throws Exception {
    assertTrue(parse(columns + "kvm_page_fault:   address 1000 error_code 1"));
    assertEquals(vcpu + " READ 1000", seen);
  }

  @Test
  void numberOfTheVcpuIsBeforeThatOfItsTask() throws Exception {
    assertTrue(parse(" q-9 [001] 1.0: kvm_page_fault: vcpu 2 address 1000 error_code 182"));
    assertEquals("2 WRITE 1000", seen);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# tracer: nop",
        "# kvm_page_fault: address",
        "CPU 0 is empty",
        "cpus=4",
        "CPU:3 [LOST 17 EVENTS]",
        " q-9 [001] .... 1.0: kvm_entry: vcpu 0, rip 0x1000",
        " q-9 [001] .... 1.0: kvm_nested_page_fault: address",
        " q-9 [001] .... 1.0: kvm_page_fault_done: address",
        " q-9 [001] .... 1.0: tracing_mark_write: kvm_page_fault: address",
        " q-9 [001] .... 1.0: function: kvm_mmu_page_fault <-handle_ept_violation",
        "kvm_page_fault",
      })
  void everythingElseIsSkipped(String line) throws Exception {
    assertFalse(parse(line));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | 'address' and a value, found the end of the line",
        "gpa 1000 | 'address' and a value, found 'gpa'",
        "address | 'address' and a value, found 'address'",
        "address zz error_code 2 | an address in hexadecimal, found 'zz'",
        "address 1000 | 'error_code' and a value, found the end of the line",
        "address 1000 code 2 | 'error_code' and a value, found 'code'",
        "address 1000 error_code x | an error code in hexadecimal, found 'x'",
        "address 1000 error_code 12345678901234567"
            + " | an error code of at most 64 bits, found '12345678901234567'",
        "address 1000 error_code 2 more | the end of the line, found 'more'",
        "vcpu x address 1000 error_code 2 | a vCPU number, found 'x'",
        "vcpu 0 rip ? address 1000 error_code 2"
            + " | an instruction pointer in hexadecimal, found '?'",
        "address ffffffff81000000 error_code 2"
            + " | an address of at most 52 bits, found 'ffffffff81000000'",
      })
  void malformedEventIsRefused(String words, String message) {
    assertEquals(
        "expected " + message,
        assertThrows(
                MalformedLineException.class,
                () -> parse(" q-9 [001] .... 1.0: kvm_page_fault: " + words))
            .getMessage());
  }

  private boolean parse(String text) throws MalformedLineException {
    byte[] line = text.getBytes(StandardCharsets.UTF_8);
    return new FtraceParser()
        .parse(
            line,
            0,
            line.length,
            (vcpu, access, gpa) -> seen = vcpu + " " + access + " " + Long.toHexString(gpa));
  }
}
