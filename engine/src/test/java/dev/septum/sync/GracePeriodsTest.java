package dev.septum.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What holds a grace period back, and what does not. One thread: the order is the program's. */
class GracePeriodsTest {
  private final GracePeriods periods = new GracePeriods();
  private int lapsed;

  @Test
  void aStampElapsesAtOnceWithoutReaders() {
    assertTrue(periods.hasElapsed(periods.retire()));
  }

  @Test
  void aClosedSectionHoldsNothingBack() {
    ReadSection section = periods.register();
    assertFalse(section.isOpen());
    assertTrue(periods.hasElapsed(periods.retire()));
  }

  @Test
  void aSectionOpenedBeforeHoldsTheStampBackUntilItCloses() {
    ReadSection section = open();
    long stamp = periods.retire();
    assertFalse(periods.hasElapsed(stamp));
    section.close();
    assertTrue(periods.hasElapsed(stamp));
  }

  @Test
  void aSectionOpenedAfterHoldsNothingBack() {
    long stamp = periods.retire();
    open();
    assertTrue(periods.hasElapsed(stamp));
  }

  @Test
  void aSectionThatWasClosedAndOpenedAgainHoldsNothingBack() {
    ReadSection section = open();
    long stamp = periods.retire();
    section.close();
    section.open();
    assertTrue(periods.hasElapsed(stamp));
  }

  @Test
  void aQuiescentPointLetsEarlierStampsGo() {
    ReadSection section = open();
    long earlier = periods.retire();
    section.quiesce();
    long later = periods.retire();
    assertTrue(section.isOpen());
    assertTrue(periods.hasElapsed(earlier));
    assertFalse(periods.hasElapsed(later));
  }

  @Test
  void theOldestSectionDecides() {
    ReadSection old = open();
    long first = periods.retire();
    ReadSection young = open();
    long second = periods.retire();
    assertFalse(periods.hasElapsed(first));
    old.close();
    assertTrue(periods.hasElapsed(first));
    assertFalse(periods.hasElapsed(second));
    young.close();
    assertTrue(periods.hasElapsed(second));
  }

  private ReadSection openCounting() {
    ReadSection section = periods.register(() -> lapsed++);
    section.open();
    return section;
  }

  @Test
  void nothingLapsesWhileNothingIsRetired() {
    ReadSection section = openCounting();
    int lapses = lapsed;
    section.quiesce();
    section.close();
    section.open();
    assertEquals(lapses, lapsed);
  }

  @Test
  void whatWasFoundIsHeldInAnOpenSectionWhateverIsRetired() {
    openCounting();
    int lapses = lapsed;
    periods.retire();
    assertEquals(lapses, lapsed);
  }

  @Test
  void aQuiescentPointLapsesWhenSomethingWasRetired() {
    ReadSection section = openCounting();
    int lapses = lapsed;
    periods.retire();
    section.quiesce();
    assertEquals(lapses + 1, lapsed);
    section.quiesce();
    assertEquals(lapses + 1, lapsed);
  }

  @Test
  void whatWasFoundLapsesWhenSomethingWasRetiredBeforeTheNextSection() {
    ReadSection section = openCounting();
    int lapses = lapsed;
    periods.retire();
    section.close();
    section.open();
    assertEquals(lapses + 1, lapsed);
    section.close();
    periods.retire();
    section.open();
    assertEquals(lapses + 2, lapsed);
  }

  @Test
  void stampsRise() {
    long first = periods.retire();
    assertTrue(periods.retire() > first);
  }

  @Test
  void openingAnOpenSectionThrows() {
    ReadSection section = open();
    IllegalStateException e = assertThrows(IllegalStateException.class, section::open);
    assertEquals("read section is already open, since epoch 1", e.getMessage());
  }

  @Test
  void closingAClosedSectionDoesNothing() {
    ReadSection section = open();
    section.close();
    section.close();
    assertFalse(section.isOpen());
  }

  @Test
  void anOpenSectionCannotBeUnregisteredAndStillCounts() {
    ReadSection section = open();
    assertThrows(IllegalStateException.class, () -> periods.unregister(section));
    assertFalse(periods.hasElapsed(periods.retire()));
  }

  @Test
  void anUnregisteredSectionIsForgottenAndTheOthersAreNot() {
    ReadSection first = periods.register();
    ReadSection second = open();
    periods.unregister(first);
    assertThrows(IllegalStateException.class, first::open, "it would protect nobody");
    long stamp = periods.retire();
    assertFalse(periods.hasElapsed(stamp));
    second.close();
    assertTrue(periods.hasElapsed(stamp));
  }

  @Test
  void aSectionOfOtherGracePeriodsHoldsNothingBack() {
    new GracePeriods().register().open();
    assertTrue(periods.hasElapsed(periods.retire()));
  }

  private ReadSection open() {
    ReadSection section = periods.register();
    section.open();
    return section;
  }
}
