package org.lichen.api;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration in force for a request: site, then user, later ones win key by key. A key is a
 * dotted path into the YAML tree, {@code registries.insecure}. {@code files} are where it comes
 * from, whether they are there or not. Immutable.
 */
public record Configuration(Map<String, Object> tree, List<Path> files) {
  public static final Configuration EMPTY = new Configuration(Map.of());

  public Configuration(Map<String, Object> tree) {
    this(tree, List.of());
  }

  public Configuration {
    files = List.copyOf(files);
    tree = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(tree));
  }

  /** What stands at a key: a String, Number, Boolean, List or Map. */
  public Optional<Object> value(String key) {
    Object at = tree;
    for (String part : key.split("\\.", -1)) {
      Object next = at instanceof Map<?, ?> map ? map.get(part) : null;
      if (next == null) {
        return Optional.empty();
      }
      at = next;
    }
    return Optional.of(at);
  }

  public Optional<String> text(String key) {
    return value(key).map(String::valueOf);
  }

  /** A list of strings; a single value is a list of one; nothing is the empty list. */
  public List<String> list(String key) {
    Object found = value(key).orElse(List.of());
    return found instanceof List<?> many
        ? many.stream().map(String::valueOf).toList()
        : List.of(String.valueOf(found));
  }

  /** A map by name; nothing is the empty map. */
  public Map<String, Object> section(String key) {
    Map<String, Object> section = new java.util.LinkedHashMap<>();
    if (value(key).orElse(null) instanceof Map<?, ?> map) {
      map.forEach((name, value) -> section.put(String.valueOf(name), value));
    }
    return section;
  }
}
