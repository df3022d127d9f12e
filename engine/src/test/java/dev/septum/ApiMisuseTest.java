package dev.septum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.AllocationFaults;
import dev.septum.memory.FrameContent;
import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemoryAttributes;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.LeafVisitor;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.mmu.MappingLimits;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Roots;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArena;
import dev.septum.paging.TableArenaFullException;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VirtualMachine;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every public method of what an embedder has in hand is called with values at the edges of what it
 * takes and beyond, in any order, and on what is closed: it does what it says, or throws what is
 * documented, with words, and the machine stays sound.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ApiMisuseTest {
  private static final int CALLS_OF_EACH = 60;
  private static final Pattern HEX = Pattern.compile("0x([0-9a-f]{1,16})");

  /** Their callers vouch for what they are given; or what they begin, another call has to end. */
  private static final Set<String> NOT_CHECKED =
      Set.of(
          "TdpMmu.walk", // "not checked": the hot path
          "TdpMmu.access",
          "TdpMmu.walkMirror",
          "TdpMmu.beginInvalidation", // faults wait until it ends
          "TdpMmu.endInvalidation",
          "Vcpu.run", // accesses are packed from addresses that were checked
          "VirtualMachine.close", // last
          "TdpMmu.close",
          "Vcpu.close");

  /** What wants more than values: others are found by the check, which has none for them. */
  private static final Set<String> WITHOUT_VALUES =
      Set.of(
          "TdpMmu.mergeMirror", // who decides about each merge
          "MemorySlot.ofGuestMemfd", // made of parts, below
          "MemorySlots.forEachPart",
          "TableArena.describe",
          "TableArena.exchangeAll",
          "TableArena.setState",
          "MemorySlot.ofShared");

  /** Where it is said that a gfn beyond the tree is an index out of bounds. */
  private static final Set<String> BEYOND =
      Set.of("MemoryAttributes.isPrivate", "MemoryAttributes.isUniform");

  private final Random random = Seeds.random("ApiMisuseTest");
  private final Map<Class<?>, List<Object>> values = new HashMap<>();
  private final Map<String, Integer> answers = new TreeMap<>();

  ApiMisuseTest() {
    put(int.class, -1, 0, 1, 2, 3, 4, 5, 64, Integer.MIN_VALUE, Integer.MAX_VALUE);
    put(
        long.class,
        -1L,
        0L,
        1L,
        5L,
        31L,
        32L,
        63L,
        64L,
        0x1000L,
        0x2fffL,
        1L << 36,
        1L << 40,
        1L << 47,
        1L << 52,
        Long.MIN_VALUE,
        Long.MAX_VALUE);
    put(boolean.class, true, false);
    put(PageLevel.class, (Object[]) PageLevel.values());
    put(Access.class, (Object[]) Access.values());
    put(Roots.class, (Object[]) Roots.values());
    put(TdxLeaf.class, (Object[]) TdxLeaf.values());
    put(
        GfnRange.class,
        new GfnRange(0, 1),
        new GfnRange(3, 6),
        new GfnRange(0, 32),
        new GfnRange(16, 64),
        new GfnRange(0, 1L << 36),
        new GfnRange((1L << 40) - 1, 1L << 40));
    put(Geometry.class, Geometry.FOUR_LEVEL, new Geometry(3, 2), new Geometry(2, 1));
    put(String.class, "", "4k", "2M", "x", "\u00e9");
    put(LeafVisitor.class, (LeafVisitor) (gfn, level, leaf) -> {});
    put(MappingLimits.class, (MappingLimits) (gfn, cap) -> cap);
    put(Runnable.class, (Runnable) () -> {});
    put(SeamcallRegisters.class, new SeamcallRegisters());
    put(PageFault.class, new PageFault(), new PageFault().begin(3, 1, 0).backedBy(3, true, 1));
  }

  private void put(Class<?> type, Object... some) {
    values.put(type, new ArrayList<>(Arrays.asList(some)));
    if (!type.isPrimitive()) {
      values.get(type).add(null);
    }
  }

  // Calls.

  private static List<Method> methods(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> method.getDeclaringClass().getName().startsWith("dev.septum"))
        .filter(method -> !method.isSynthetic())
        .filter(method -> !NOT_CHECKED.contains(name(method)))
        .filter(method -> !method.getName().equals("equals"))
        .sorted(Comparator.comparing(Method::toString))
        .toList();
  }

  private static String name(Method method) {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }

  private boolean isKnown(Method method) {
    return Arrays.stream(method.getParameterTypes()).allMatch(values::containsKey);
  }

  /** Calls every method of an object, many times; returns how many methods that was. */
  private int callAll(Object subject) {
    return callAll(subject.getClass(), subject);
  }

  private int callAll(Class<?> type, Object subject) {
    List<Method> all = new ArrayList<>(methods(type));
    all.removeIf(method -> WITHOUT_VALUES.contains(name(method)));
    assertEquals(List.of(), all.stream().filter(method -> !isKnown(method)).toList());
    all.removeIf(method -> subject == null && !Modifier.isStatic(method.getModifiers()));
    for (int i = 0; i < CALLS_OF_EACH; i++) {
      Collections.shuffle(all, random);
      all.forEach(method -> call(method, subject));
    }
    return all.size();
  }

  private void call(Method method, Object subject) {
    Class<?>[] types = method.getParameterTypes();
    Object[] arguments = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      List<Object> pool = values.get(types[i]);
      arguments[i] = pool.get(random.nextInt(pool.size()));
    }
    String answer = "done";
    try {
      Object unused = method.invoke(subject, arguments);
    } catch (InvocationTargetException e) {
      answer = documented(method, arguments, e.getCause());
    } catch (IllegalAccessException e) {
      answer = "not accessible"; // of a class that is not public
    }
    answers.merge(answer, 1, Integer::sum);
  }

  private static String documented(Method method, Object[] arguments, Throwable thrown) {
    String call = name(method) + Arrays.toString(arguments) + ": " + thrown;
    boolean isGivenNull = Arrays.asList(arguments).contains(null);
    boolean isDocumented =
        thrown instanceof IllegalArgumentException
            || thrown instanceof IllegalStateException
            || thrown instanceof TableArenaFullException
            || thrown instanceof IndexOutOfBoundsException && BEYOND.contains(name(method))
            || thrown instanceof NullPointerException && isGivenNull;
    if (!isDocumented || thrown instanceof MachineBuggedException) {
      throw new AssertionError(call, thrown);
    }
    String message = thrown.getMessage();
    boolean isIllegal = thrown instanceof IllegalArgumentException;
    if (!isGivenNull && (message == null || message.isBlank())) {
      throw new AssertionError(call + ": without a word", thrown);
    }
    if (isIllegal && !isGivenNull && arguments.length == 1 && !names(message, arguments[0])) {
      throw new AssertionError(call + ": it does not name the value", thrown);
    }
    return thrown.getClass().getSimpleName();
  }

  /** The value, in decimal or hexadecimal; of an address, its gfn; of a range, a gfn of it. */
  private static boolean names(String message, Object value) {
    if (value instanceof GfnRange range) {
      return HEX.matcher(message)
          .results()
          .map(found -> Long.parseUnsignedLong(found.group(1), 16))
          .anyMatch(gfn -> range.contains(gfn) || range.end() == gfn);
    }
    if (value instanceof PageLevel level && message.endsWith("not " + level.number())) {
      return true;
    }
    String hex = value instanceof Number number ? Long.toHexString(number.longValue()) : "";
    String gfn = value instanceof Long gpa ? Long.toHexString(gpa >>> Geometry.PAGE_SHIFT) : "";
    return message.contains(String.valueOf(value))
        || !hex.isEmpty() && message.contains(hex)
        || !gfn.isEmpty() && message.contains(gfn);
  }

  // Machines.

  private static void assertSound(VirtualMachine vm) {
    assertEquals(List.of(), vm.audit());
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "4, 9"})
  void aNormalVmStaysSound(int levels, int bits) {
    VirtualMachine vm =
        VirtualMachine.builder().geometry(new Geometry(levels, bits)).maxTables(64).build();
    MemorySlot slot = vm.addSlot(new GfnRange(0, 32), PageLevel.LEVEL_2M);
    misuse(vm, slot, vm.newVcpu());
    assertThrows(IllegalStateException.class, vm::trustDomain);
  }

  private static VirtualMachine newTrustDomain(int levels, int bits) {
    return VirtualMachine.builder()
        .geometry(new Geometry(levels, bits))
        .maxTables(64)
        .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(4096))
        .build();
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "4, 9"})
  void aTrustDomainStaysSound(int levels, int bits) {
    VirtualMachine vm = newTrustDomain(levels, bits);
    MemorySlot slot = vm.addSlot(new GfnRange(0, 32), PageLevel.LEVEL_2M);
    long unused = vm.trustDomain().convertToPrivate(new GfnRange(0, 16));
    Vcpu vcpu = vm.newVcpu();
    vm.trustDomain().finalizeBuild();
    assertTrue(callAll(vm.trustDomain()) > 20);
    misuse(vm, slot, vcpu);
    assertTrue(callAll(vm.trustDomain()) > 20); // it is closed
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "4, 9"})
  void aBuildStaysSound(int levels, int bits) {
    VirtualMachine vm = newTrustDomain(levels, bits);
    vm.addSlot(new GfnRange(0, 32), PageLevel.LEVEL_2M);
    long unused = vm.trustDomain().convertToPrivate(new GfnRange(0, 16));
    assertTrue(callAll(vm.trustDomain()) > 20);
    assertSound(vm);
    vm.close();
    assertEquals(List.of(), vm.trustDomain().module().tds());
  }

  private void misuse(VirtualMachine vm, MemorySlot slot, Vcpu vcpu) {
    MemorySlot foreign =
        new MemorySlot(
            vm.mmu().geometry(), new GfnRange(0, 16), 1 << 20, PageLevel.LEVEL_4K, false);
    put(MemorySlot.class, slot, foreign);
    Walker own = vm.mmu().newWalker();
    Walker closed = vm.mmu().newWalker();
    closed.close();
    put(Walker.class, own, closed);
    for (Object subject : List.of(vm, vcpu, vm.mmu(), slot)) {
      assertTrue(callAll(subject) > 2, subject + ": " + answers);
      assertSound(vm);
      values.get(MemorySlot.class).addAll(vm.slots().all());
    }
    System.out.println(answers);
    assertTrue(answers.keySet().containsAll(Set.of("done", "IllegalArgumentException")));
    own.close();
    vcpu.close();
    assertTrue(callAll(vcpu) > 2);
    assertSound(vm);
    vm.close();
    assertTrue(callAll(vm) > 5);
    assertTrue(callAll(vm.mmu()) > 5);
    assertFalse(answers.containsKey("not accessible"), answers.toString());
  }

  // Parts.

  @Test
  void partsRefuseWhatTheyCannotBe() {
    Geometry geometry = new Geometry(3, 2);
    MemoryAttributes attributes = new MemoryAttributes(geometry);
    GuestMemfd memfd =
        new GuestMemfd(
            geometry,
            new GfnRange(0, 32),
            0,
            PageLevel.LEVEL_1G,
            attributes,
            new FrameContent(),
            AllocationFaults.NONE);
    put(MemorySlot.class, MemorySlot.ofGuestMemfd(memfd));
    for (Object part :
        List.of(
            geometry,
            attributes,
            memfd,
            new MemorySlots(geometry),
            new GfnRange(3, 6),
            PageLevel.LEVEL_2M)) {
      assertTrue(callAll(part) > 2, part.toString());
    }
    for (Class<?> type : List.of(GfnRange.class, PageLevel.class, TableArena.class)) {
      assertTrue(callAll(type, null) > 0, type.toString());
    }
    System.out.println(answers);
  }

  @Test
  void whatCannotBeMadeIsNotMade() {
    for (int bad : new int[] {-1, 0, Integer.MIN_VALUE}) {
      assertNames(bad, () -> new TableArena(Geometry.FOUR_LEVEL, bad));
      assertNames(bad, () -> VirtualMachine.builder().maxTables(bad).build());
      assertNames(bad, () -> new Geometry(bad, 9));
      assertNames(bad, () -> new Geometry(4, bad));
      assertNames(bad, () -> PageLevel.of(bad));
      assertNames(bad, () -> GfnRange.ofPages(0, bad));
      assertNames(bad, () -> GfnRange.ofPages(Math.min(bad, -1), 1));
    }
    for (int bad : new int[] {10, 64, Integer.MAX_VALUE}) {
      assertNames(bad, () -> new Geometry(bad, 9));
      assertNames(bad, () -> new Geometry(4, bad));
      assertNames(bad, () -> PageLevel.of(bad));
    }
    assertNames(-7, () -> TrustDomainOptions.DEFAULT.withHostPages(-7));
  }

  private static void assertNames(long value, Executable make) {
    RuntimeException thrown = assertThrows(RuntimeException.class, make);
    assertTrue(
        thrown instanceof IllegalArgumentException || thrown instanceof TableArenaFullException,
        thrown.toString());
    assertTrue(names(String.valueOf(thrown.getMessage()), value), thrown + " names no " + value);
  }

  /** Of the module nothing is thrown: it answers whatever a host calls by a status. */
  @Test
  void theModuleAnswersEveryCall() {
    VirtualMachine vm = newTrustDomain(3, 2);
    TdxModule module = vm.trustDomain().module();
    TrustDomain td = vm.trustDomain().td();
    List<Object> numbers = values.get(long.class);
    numbers.addAll(List.of(td.tdr(), td.tdr() + 1, 0x40_0000L));
    SeamcallRegisters call = new SeamcallRegisters();
    Map<Long, Integer> statuses = new TreeMap<>();
    for (int i = 0; i < 100_000; i++) {
      TdxLeaf leaf = TdxLeaf.values()[random.nextInt(TdxLeaf.values().length)];
      call.rcx = (long) numbers.get(random.nextInt(numbers.size()));
      call.rdx = (long) numbers.get(random.nextInt(numbers.size()));
      call.r8 = (long) numbers.get(random.nextInt(numbers.size()));
      call.rax = random.nextInt(8) == 0 ? random.nextLong() : leaf.number();
      statuses.merge(module.seamcall(call), 1, Integer::sum);
    }
    System.out.println("statuses: " + statuses.size());
    assertTrue(statuses.size() > 5, statuses.toString());
    assertEquals(List.of(), module.audit());
  }

  // The broken variant.

  /** A class that is careless. */
  public static final class Careless {
    private final long[] some = new long[4];

    /** Throws what nobody has documented. */
    public long get(int index) {
      return some[index];
    }

    /** Does not say what is wrong. */
    public void check(long value) {
      if (value < 0) {
        throw new IllegalArgumentException("it is negative");
      }
    }
  }

  @Test
  void noticesWhatIsNotDocumentedAndWhatIsNotNamed() throws Exception {
    Method get = Careless.class.getMethod("get", int.class);
    Method check = Careless.class.getMethod("check", long.class);
    Careless careless = new Careless();
    for (Method method : List.of(get, check)) {
      AssertionError found =
          assertThrows(
              AssertionError.class,
              () -> {
                for (int i = 0; i < CALLS_OF_EACH; i++) {
                  call(method, careless);
                }
              });
      assertTrue(found.getMessage().startsWith("Careless." + method.getName()), found.toString());
    }
  }
}
