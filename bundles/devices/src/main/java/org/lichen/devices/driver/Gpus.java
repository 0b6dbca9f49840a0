package org.lichen.devices.driver;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * Which GPUs are wanted: those with these indices or UUIDs, or, if there are none of them, the
 * first {@code count}; less than 0 means all. Immutable.
 */
public record Gpus(int count, List<String> ids) {
  public static final Gpus ALL = new Gpus(-1, List.of());

  public Gpus {
    ids = List.copyOf(ids);
  }

  public boolean all() {
    return count < 0 && ids.isEmpty();
  }

  /**
   * Reads the value of {@code --gpus} as docker means it: {@code all}, a count, {@code
   * device=0,GPU-…}, {@code count=2}, with fields separated by commas and quoted where they have
   * such.
   */
  public static Gpus parse(String typed) throws ContainerException {
    int count = 0;
    List<String> ids = new ArrayList<>();
    boolean devices = false;
    for (String field : fields(typed)) {
      int equals = field.indexOf('=');
      String key = equals < 0 ? "" : field.substring(0, equals);
      String value = field.substring(equals + 1);
      switch (key) {
        case "" -> {
          if (devices) {
            ids.add(value);
          } else {
            count = count(value, typed);
          }
        }
        case "count" -> count = count(value, typed);
        case "device" -> ids.addAll(List.of(value.split(",", -1)));
        case "driver" -> {
          if (!value.equals("nvidia")) {
            throw wrong(typed, "the driver '" + value + "' is not known");
          }
        }
        case "capabilities" -> {} // all that the driver has is there
        default -> throw wrong(typed, "'" + key + "' is not known");
      }
      devices = key.equals("device") || (devices && key.isEmpty());
    }
    ids.removeIf(String::isBlank);
    if (ids.remove("all")) {
      return ALL;
    }
    if (count == 0 && ids.isEmpty()) {
      throw wrong(typed, "it names no GPU");
    }
    return new Gpus(count, ids);
  }

  private static int count(String text, String typed) throws ContainerException {
    if (text.equals("all") || text.equals("-1")) {
      return -1;
    }
    if (!text.matches("[1-9][0-9]{0,3}")) {
      throw wrong(typed, "'" + text + "' is not a number of GPUs");
    }
    return Integer.parseInt(text);
  }

  /** Separated by commas outside of quotes. */
  private static List<String> fields(String typed) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < typed.length(); i++) {
      char each = typed.charAt(i);
      if (each == '"') {
        quoted = !quoted;
      } else if (each == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(each);
      }
    }
    fields.add(field.toString());
    return fields;
  }

  private static ContainerException wrong(String typed, String why) {
    return new ContainerException(
        Kind.USAGE, "--gpus " + typed + ": " + why, "all, 2, device=0,1, device=GPU-UUID");
  }
}
