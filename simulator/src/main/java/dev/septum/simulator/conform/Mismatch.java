package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.septum.simulator.BadInputException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The first field in which what was recorded and what was found differ.
 *
 * @param field its name
 * @param index of a list of lists, the first element that differs; else null
 * @param expected what was recorded; missing if the list has no such element
 * @param found what the engine has there; missing likewise
 */
public record Mismatch(String field, @Nullable Integer index, JsonNode expected, JsonNode found) {
  private static final String LEAFS = "leafs";
  private static final int RAW_BITS = 5;

  /**
   * Compares field by field.
   *
   * @param expected a field that is not there stands for an empty list
   */
  static @Nullable Mismatch first(List<String> fields, JsonNode expected, JsonNode found) {
    for (String field : fields) {
      JsonNode wanted = expected.path(field);
      if (wanted.isMissingNode()) {
        wanted = JsonNodeFactory.instance.arrayNode();
      } else if (field.endsWith(LEAFS)) {
        wanted = withoutRawBits(wanted);
      }
      JsonNode there = found.path(field);
      if (!wanted.equals(there)) {
        return of(field, wanted, there);
      }
    }
    return null;
  }

  /**
   * Compares all fields of a record but some.
   *
   * @param what the record, in the reason why a field is not supported
   * @param inputs what is not compared
   * @param found in the order in which it is compared
   * @throws BadInputException if the record leaves out what was found
   * @throws UnsupportedException if it has what nobody here has found
   */
  public static @Nullable Mismatch first(
      String what, RecordNode record, Set<String> inputs, ObjectNode found)
      throws BadInputException, UnsupportedException {
    for (Map.Entry<String, JsonNode> field : found.properties()) {
      JsonNode wanted = record.field(field.getKey()).json();
      if (!wanted.equals(field.getValue())) {
        return new Mismatch(field.getKey(), null, wanted, field.getValue());
      }
    }
    Set<String> known = new HashSet<>(inputs);
    found.fieldNames().forEachRemaining(known::add);
    record.checkFields(what, known);
    return null;
  }

  private static Mismatch of(String field, JsonNode expected, JsonNode found) {
    if (!isListOfLists(expected) || !isListOfLists(found)) {
      return new Mismatch(field, null, expected, found);
    }
    int index = 0;
    while (expected.path(index).equals(found.path(index))) {
      index++;
    }
    return new Mismatch(field, index, expected.path(index), found.path(index));
  }

  private static boolean isListOfLists(JsonNode node) {
    return node.isArray() && (node.isEmpty() || node.path(0).isArray());
  }

  /** The raw bits of a leaf are those of one kernel version; its flags are their letters. */
  private static JsonNode withoutRawBits(JsonNode leafs) {
    if (!leafs.isArray()) {
      return leafs;
    }
    ArrayNode bare = JsonNodeFactory.instance.arrayNode(leafs.size());
    for (JsonNode leaf : leafs) {
      JsonNode copy = leaf.deepCopy();
      if (copy instanceof ArrayNode fields && fields.size() == RAW_BITS + 1) {
        fields.remove(RAW_BITS);
      }
      bare.add(copy);
    }
    return bare;
  }

  /** A mismatch that is told in words. */
  public static Mismatch inWords(String field, String expected, String found) {
    return new Mismatch(field, null, TextNode.valueOf(expected), TextNode.valueOf(found));
  }

  @Override
  public String toString() {
    return field
        + (index == null ? "" : "[" + index + "]")
        + ": expected "
        + text(expected)
        + ", found "
        + text(found);
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() ? "nothing" : node.toString();
  }
}
