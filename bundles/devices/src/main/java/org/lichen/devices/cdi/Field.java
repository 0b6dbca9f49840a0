package org.lichen.devices.cdi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A field of a file, which may be missing; {@code where} is the way to it from the top. */
record Field(String where, @Nullable Object value) {
  /** What does not have the form that it must have; the message says where. */
  static final class WrongField extends Exception {
    private static final long serialVersionUID = 1;

    WrongField(String message) {
      super(message);
    }
  }

  WrongField wrong(String why) {
    return new WrongField((where.isEmpty() ? "the whole" : where) + ": " + why);
  }

  boolean there() {
    return value != null;
  }

  Field get(String name) throws WrongField {
    return new Field(
        where.isEmpty() ? name : where + "." + name, value == null ? null : map().get(name));
  }

  Field needed(String name) throws WrongField {
    Field field = get(name);
    if (field.value == null) {
      throw field.wrong("it is missing");
    }
    return field;
  }

  void only(String... names) throws WrongField {
    for (Object name : value == null ? List.of() : map().keySet()) {
      if (!List.of(names).contains(String.valueOf(name))) {
        throw wrong("there is no such field in CDI: " + name);
      }
    }
  }

  private Map<?, ?> map() throws WrongField {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong("it is not a map");
  }

  /** Nothing is the empty list. */
  List<Field> list() throws WrongField {
    List<Field> all = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(one -> all.add(new Field(where + "[" + all.size() + "]", one)));
    } else if (value != null) {
      throw wrong("it is not a list");
    }
    return all;
  }

  List<String> texts() throws WrongField {
    List<String> all = new ArrayList<>();
    for (Field one : list()) {
      all.add(one.text());
    }
    return all;
  }

  /** A text; a number or a truth value that YAML has made of one is taken back. */
  String text() throws WrongField {
    if (value == null || value instanceof Map || value instanceof List) {
      throw wrong("it is not a text");
    }
    return value.toString();
  }

  String textOr(String otherwise) throws WrongField {
    return there() && !text().isEmpty() ? text() : otherwise;
  }

  String path() throws WrongField {
    if (!text().startsWith("/")) {
      throw wrong("'" + text() + "' is not an absolute path");
    }
    return text();
  }

  String pathOr(String otherwise) throws WrongField {
    return there() && !text().isEmpty() ? path() : otherwise;
  }

  void matching(String pattern, String why) throws WrongField {
    if (there() && !text().matches(pattern)) {
      throw wrong("'" + text() + "' is " + why);
    }
  }

  long number() throws WrongField {
    if (value instanceof Integer || value instanceof Long) {
      return ((Number) value).longValue();
    }
    throw wrong("it is not a whole number");
  }
}
