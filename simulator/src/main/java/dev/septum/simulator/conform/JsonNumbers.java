package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;

/** JsonNumbers as JSON that is equal to the same number read from a file. */
public final class JsonNumbers {
  private JsonNumbers() {}

  /** A number. */
  public static JsonNode of(long value) {
    return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
  }

  /** A flag: 1 or 0. */
  public static JsonNode of(boolean flag) {
    return IntNode.valueOf(flag ? 1 : 0);
  }
}
