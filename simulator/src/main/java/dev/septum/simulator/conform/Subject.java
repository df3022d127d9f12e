package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * Which record a result is about.
 *
 * @param place where it stands: {@code FILE:LINE}
 * @param noun what records of its kind are called, one of them
 * @param group what it is counted under, and can be chosen by
 */
public record Subject(String place, String noun, long id, String name, String group) {

  void describe(ObjectNode json) {
    json.put("place", place);
    json.put("id", id);
    json.put("name", name);
    json.put("group", group);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s: %s %d %s (%s)", place, noun, id, name, group);
  }
}
