package org.lichen.api.container;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of a container: values by type and name, kept in {@code others} of its spec.
 * Immutable.
 */
public record Settings(Map<String, Map<String, List<String>>> values) {
  private static final String KEY = "settings";

  public Settings {
    Map<String, Map<String, List<String>>> copy = new TreeMap<>();
    values.forEach(
        (type, names) -> {
          Map<String, List<String>> kept = new LinkedHashMap<>();
          names.forEach((name, list) -> kept.put(name, List.copyOf(list)));
          kept.values().removeIf(List::isEmpty);
          if (!kept.isEmpty()) {
            copy.put(type, java.util.Collections.unmodifiableMap(kept));
          }
        });
    values = java.util.Collections.unmodifiableMap(copy);
  }

  public static Settings of(ContainerSpec spec) {
    Map<String, Map<String, List<String>>> found = new LinkedHashMap<>();
    if (spec.others().get(KEY) instanceof Map<?, ?> types) {
      types.forEach(
          (type, names) -> {
            Map<String, List<String>> of = new LinkedHashMap<>();
            if (names instanceof Map<?, ?> map) {
              map.forEach((name, list) -> of.put(String.valueOf(name), texts(list)));
            }
            found.put(String.valueOf(type), of);
          });
    }
    return new Settings(found);
  }

  private static List<String> texts(Object list) {
    return list instanceof List<?> many ? many.stream().map(String::valueOf).toList() : List.of();
  }

  /** The spec with these settings instead of its own. */
  public ContainerSpec in(ContainerSpec spec) {
    return spec.change().other(KEY, values).build();
  }

  /** What there is of a type, by name. */
  public Map<String, List<String>> of(String type) {
    return values.getOrDefault(type, Map.of());
  }

  /** Without what is of other types than these. */
  public Settings only(java.util.Collection<String> types) {
    Map<String, Map<String, List<String>>> kept = new LinkedHashMap<>(values);
    kept.keySet().retainAll(types);
    return new Settings(kept);
  }

  public List<String> values(String type, String name) {
    return values.getOrDefault(type, Map.of()).getOrDefault(name, List.of());
  }

  /** With more values; those that are there already keep their places. */
  public Settings with(String type, String name, List<String> more) {
    List<String> all = new ArrayList<>(values(type, name));
    more.stream().filter(value -> !all.contains(value)).forEach(all::add);
    return replaced(type, name, all);
  }

  /** Without these values, or, if there are none given, without any of that name. */
  public Settings without(String type, String name, List<String> less) {
    List<String> left = new ArrayList<>(less.isEmpty() ? List.of() : values(type, name));
    left.removeAll(less);
    return replaced(type, name, left);
  }

  /** With these values and no others of that name. */
  public Settings replaced(String type, String name, List<String> list) {
    Map<String, Map<String, List<String>>> all = new LinkedHashMap<>(values);
    Map<String, List<String>> names = new LinkedHashMap<>(all.getOrDefault(type, Map.of()));
    names.put(name, list);
    all.put(type, names);
    return new Settings(all);
  }
}
