package dev.septum.simulator.conform;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A part of a record, with its place in the file, so that what is missing in it or wrong can be
 * named: {@code FILE:LINE: expected WHAT at WHERE, found WHAT}.
 */
public final class RecordNode {
  private static final int LONGEST_EXCERPT = 60;

  /** What Jackson says besides: all that it would have accepted, and places in its own terms. */
  private static final Pattern NOT_FOR_PEOPLE =
      Pattern.compile("(?s)(: was expecting| \\((start marker|bound as)|\\s*\\R).*");

  private static final Pattern HEX = Pattern.compile("0x[0-9a-fA-F]{1,16}");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String place;
  private final String path;
  private final JsonNode json;

  private RecordNode(String place, String path, JsonNode json) {
    this.place = place;
    this.path = path;
    this.json = json;
  }

  /**
   * Reads a record.
   *
   * @param place the line that it is: {@code FILE:LINE}
   */
  public static RecordNode parse(String place, byte[] line) throws BadInputException {
    JsonNode json;
    try {
      json = MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      String why = NOT_FOR_PEOPLE.matcher(e.getOriginalMessage()).replaceFirst("");
      JsonLocation at = e.getLocation(); // none where a limit of Jackson's is passed
      String column = at == null ? "" : " at column " + at.getColumnNr();
      throw new BadInputException(
          place + ": expected a JSON object, found malformed JSON" + column + ": " + why);
    } catch (IOException e) {
      throw new BadInputException(place + ": expected a JSON object, found " + e.getMessage());
    }
    RecordNode record = new RecordNode(place, "", json);
    if (!json.isObject()) {
      throw record.unexpected("a JSON object");
    }
    return record;
  }

  /** Where its record stands: {@code FILE:LINE}. */
  public String place() {
    return place;
  }

  /** What stands here. */
  public JsonNode json() {
    return json;
  }

  /** Whether this object has a field. */
  public boolean has(String name) {
    return json.has(name);
  }

  /** A field of this object, which must be there. */
  public RecordNode field(String name) throws BadInputException {
    RecordNode field = child(path.isEmpty() ? name : path + "." + name, json.path(name));
    if (field.json.isMissingNode()) {
      throw field.unexpected("a value");
    }
    return field;
  }

  /** A field that is an object. */
  public RecordNode object(String name) throws BadInputException {
    RecordNode field = field(name);
    if (!field.json.isObject()) {
      throw field.unexpected("an object");
    }
    return field;
  }

  /** A field that is an array: its elements. */
  private List<RecordNode> elements(String name) throws BadInputException {
    RecordNode field = field(name);
    if (!field.json.isArray()) {
      throw field.unexpected("an array");
    }
    List<RecordNode> elements = new ArrayList<>();
    for (JsonNode element : field.json) {
      elements.add(child(field.path + "[" + elements.size() + "]", element));
    }
    return elements;
  }

  /** A field that is an array of objects. */
  public List<RecordNode> objects(String name) throws BadInputException {
    List<RecordNode> objects = elements(name);
    for (RecordNode object : objects) {
      if (!object.json.isObject()) {
        throw object.unexpected("an object");
      }
    }
    return objects;
  }

  /** A field that is a text. */
  public String text(String name) throws BadInputException {
    RecordNode field = field(name);
    if (!field.json.isTextual()) {
      throw field.unexpected("a text");
    }
    return field.json.textValue();
  }

  /** A field that is one of some texts, and what that text stands for. */
  public <T> T choice(String name, Map<String, T> choices) throws BadInputException {
    RecordNode field = field(name);
    T chosen = field.json.isTextual() ? choices.get(field.json.textValue()) : null;
    if (chosen == null) {
      throw field.unexpected("one of " + String.join(", ", choices.keySet()));
    }
    return chosen;
  }

  /** A field that is an integer, from {@code least} to {@code most}. */
  public long integer(String name, long least, long most) throws BadInputException {
    return field(name).asInteger(least, most);
  }

  private long asInteger(long least, long most) throws BadInputException {
    long value = json.longValue();
    if (!json.isIntegralNumber() || !json.canConvertToLong() || value < least || value > most) {
      throw unexpected("an integer from " + least + " to " + most);
    }
    return value;
  }

  /** A field that is a number of 64 bits in hexadecimal: {@code 0x1f}. */
  public long hex(String name) throws BadInputException {
    return field(name).asHex();
  }

  /** A field that is an array of such numbers. */
  public List<Long> hexes(String name) throws BadInputException {
    List<Long> numbers = new ArrayList<>();
    for (RecordNode element : elements(name)) {
      numbers.add(element.asHex());
    }
    return numbers;
  }

  private long asHex() throws BadInputException {
    String text = json.textValue();
    if (text == null || !HEX.matcher(text).matches()) {
      throw unexpected("a number in hexadecimal (0x...)");
    }
    return Long.parseUnsignedLong(text, 2, text.length(), 16);
  }

  /** A field that is an array of integers, from {@code least} to {@code most}. */
  public List<Long> integers(String name, long least, long most) throws BadInputException {
    List<Long> numbers = new ArrayList<>();
    for (RecordNode element : elements(name)) {
      numbers.add(element.asInteger(least, most));
    }
    return numbers;
  }

  /** A field that is true or false. */
  public boolean truth(String name) throws BadInputException {
    RecordNode field = field(name);
    if (!field.json.isBoolean()) {
      throw field.unexpected("true or false");
    }
    return field.json.booleanValue();
  }

  /** A field that is 0 or 1. */
  public boolean flag(String name) throws BadInputException {
    return integer(name, 0, 1) != 0;
  }

  /**
   * Refuses fields that nobody here knows what to do with.
   *
   * @param what what this object is, in the reason
   */
  public void checkFields(String what, Set<String> known) throws UnsupportedException {
    for (Iterator<String> names = json.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw new UnsupportedException("field '" + name + "' of " + what);
      }
    }
  }

  /** What to throw when something else stands here. */
  public BadInputException unexpected(String expected) {
    return unexpected(expected, excerpt());
  }

  /** What to throw when {@code found} was found here, or of it. */
  public BadInputException unexpected(String expected, String found) {
    String at = path.isEmpty() ? "" : " at " + path;
    return new BadInputException(place + ": expected " + expected + at + ", found " + found);
  }

  private String excerpt() {
    if (json.isMissingNode()) {
      return "nothing";
    }
    String text = json.toString();
    return text.length() <= LONGEST_EXCERPT ? text : text.substring(0, LONGEST_EXCERPT) + "...";
  }

  private RecordNode child(String at, JsonNode value) {
    return new RecordNode(place, at, value);
  }
}
