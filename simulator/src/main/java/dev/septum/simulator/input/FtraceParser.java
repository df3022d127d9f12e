package dev.septum.simulator.input;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * The text of the kernel's {@code kvm_page_fault} tracepoint, as the tracing directory, trace-cmd
 * and perf print it: {@code kvm_page_fault: [vcpu N] [rip HEX] address HEX error_code HEX} behind
 * whatever columns there are. {@link FaultCode} says what the code means.
 *
 * <p>An event without {@code vcpu} is its task's, since a vCPU's thread is a task: its vCPU has the
 * number of the task's pid. Without a pid it is the CPU's, {@code [N]}, and without that vCPU 0's.
 * Every line that is no such event is skipped.
 */
final class FtraceParser implements LineParser {
  /** The event; any event of a CPU at a time; what is printed before the first of them. */
  static final Pattern FORM =
      Pattern.compile(
          "(.*[\\s:])?kvm_page_fault:.*"
              + "|.*\\[\\d+\\].*\\s[\\d.]+: .*"
              + "|(version = |cpus=|CPU ?\\d+ is empty|CPU:\\d+ \\[).*");

  private static final byte[] EVENT = bytes("kvm_page_fault:");
  private static final byte[] VCPU = bytes("vcpu ");
  private static final byte[] RIP = bytes("rip ");
  private static final byte[] ADDRESS = bytes("address ");
  private static final byte[] CODE = bytes("error_code ");

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public boolean parse(byte[] line, int from, int to, AccessSink sink)
      throws MalformedLineException {
    int event = findEvent(line, from, to);
    if (event < 0) {
      return false;
    }
    int at = Words.skipBlanks(line, event + EVENT.length, to);
    int vcpu = -1;
    if (Words.startsWith(VCPU, line, at, to)) {
      int number = Words.skipBlanks(line, at + VCPU.length, to);
      int end = Words.endOfWord(line, number, to);
      vcpu = Words.decimal("a vCPU number", line, number, end);
      at = Words.skipBlanks(line, end, to);
    }
    if (Words.startsWith(RIP, line, at, to)) {
      int rip = Words.skipBlanks(line, at + RIP.length, to);
      int end = Words.endOfWord(line, rip, to);
      long unused = Words.bits("an instruction pointer", line, rip, end);
      at = Words.skipBlanks(line, end, to);
    }
    int address = value(ADDRESS, "address", line, at, to);
    int addressEnd = Words.endOfWord(line, address, to);
    long gpa = Words.address(line, address, addressEnd);
    at = Words.skipBlanks(line, addressEnd, to);
    int code = value(CODE, "error_code", line, at, to);
    int codeEnd = Words.endOfWord(line, code, to);
    long bits = Words.bits("an error code", line, code, codeEnd);
    int rest = Words.skipBlanks(line, codeEnd, to);
    if (rest != to) {
      throw MalformedLineException.atWord("the end of the line", line, rest, to);
    }
    sink.access(vcpu < 0 ? taskOrCpu(line, from, event) : vcpu, FaultCode.access(bits), gpa);
    return true;
  }

  /** Where the value of a name stands. */
  private static int value(byte[] name, String shown, byte[] line, int at, int to)
      throws MalformedLineException {
    if (!Words.startsWith(name, line, at, to)) {
      throw MalformedLineException.atWord("'" + shown + "' and a value", line, at, to);
    }
    return Words.skipBlanks(line, at + name.length, to);
  }

  /**
   * Where the event's name stands; -1 if the line is none, or another event that has the name in
   * its text.
   */
  private static int findEvent(byte[] line, int from, int to) {
    int first = Words.skipBlanks(line, from, to);
    if (first < to && line[first] == '#') {
      return -1;
    }
    for (int at = first; at + EVENT.length <= to; at++) {
      if (line[at] == EVENT[0] && Words.startsWith(EVENT, line, at, to)) {
        int start = at > first && line[at - 1] == ':' ? startOfWord(line, first, at) : at;
        if (start == first || Words.isBlank(line[start - 1])) {
          return isBehindEvent(line, first, start) ? -1 : at;
        }
      }
    }
    return -1;
  }

  /** Whether the word before {@code at} is the name of an event, and not a time. */
  private static boolean isBehindEvent(byte[] line, int from, int at) {
    int end = endOfText(line, from, at);
    if (end == from || line[end - 1] != ':') {
      return false;
    }
    byte first = line[startOfWord(line, from, end)];
    return Character.isLetter(first) || first == '_';
  }

  /** The number of the task or, failing that, of the CPU in the columns before the event. */
  private static int taskOrCpu(byte[] line, int from, int to) throws MalformedLineException {
    int cpu = findCpu(line, from, to);
    int end = endOfText(line, from, cpu < 0 ? from : cpu);
    if (end > from && line[end - 1] == ')') { // the thread group: (  123) or (-----)
      while (end > from && line[end - 1] != '(') {
        end--;
      }
      end = endOfText(line, from, Math.max(from, end - 1));
    }
    int pid = startOfPid(line, from, end);
    if (pid == end && cpu < 0) {
      pid = findPid(line, from, to);
      end = pid < 0 ? -1 : endOfDigits(line, pid, to);
    }
    if (end > pid && pid >= from) {
      return Words.decimal("a task's pid", line, pid, end);
    }
    return cpu < 0 ? 0 : Words.decimal("a CPU", line, cpu + 1, endOfDigits(line, cpu + 1, to));
  }

  /** Where the last {@code [digits]} stands, or -1. */
  private static int findCpu(byte[] line, int from, int to) {
    for (int at = to - 1; at >= from; at--) {
      if (line[at] == '[') {
        int end = endOfDigits(line, at + 1, to);
        if (end > at + 1 && end < to && line[end] == ']') {
          return at;
        }
      }
    }
    return -1;
  }

  /** Where the digits of the first {@code -digits} that end a word stand, or -1. */
  private static int findPid(byte[] line, int from, int to) {
    for (int at = from; at < to; at++) {
      if (line[at] == '-') {
        int end = endOfDigits(line, at + 1, to);
        if (end > at + 1 && end < to && Words.isBlank(line[end])) {
          return at + 1;
        }
      }
    }
    return -1;
  }

  private static int endOfDigits(byte[] line, int from, int to) {
    int at = from;
    while (at < to && Words.isDigit(line[at])) {
      at++;
    }
    return at;
  }

  /** Where the digits begin that end the text, if no name ends with them: else {@code end}. */
  private static int startOfPid(byte[] line, int from, int end) {
    int at = end;
    while (at > from && Words.isDigit(line[at - 1])) {
      at--;
    }
    boolean isNumber =
        at == from || Words.isBlank(line[at - 1]) || line[at - 1] == '-' || line[at - 1] == '/';
    return isNumber ? at : end;
  }

  private static int endOfText(byte[] line, int from, int to) {
    int at = to;
    while (at > from && Words.isBlank(line[at - 1])) {
      at--;
    }
    return at;
  }

  private static int startOfWord(byte[] line, int from, int end) {
    int at = end;
    while (at > from && !Words.isBlank(line[at - 1])) {
      at--;
    }
    return at;
  }
}
