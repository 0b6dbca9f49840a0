package org.lichen.api.image;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The OCI image configuration (image-spec, "Image Configuration"), kept whole: what the typed
 * accessors do not know is not lost. Values are what a JSON parser gives (String, Number, Boolean,
 * List, Map, null). Immutable at its first level.
 */
public record ImageConfig(Map<String, Object> oci) {
  public ImageConfig {
    oci = Collections.unmodifiableMap(new LinkedHashMap<>(oci));
  }

  public List<String> entrypoint() {
    return texts(execution().get("Entrypoint"));
  }

  public List<String> command() {
    return texts(execution().get("Cmd"));
  }

  /** {@code NAME=VALUE}, as the image gives them. */
  public List<String> environment() {
    return texts(execution().get("Env"));
  }

  /** Empty if the image names none. */
  public String directory() {
    return text(execution().get("WorkingDir"));
  }

  /** {@code user[:group]}; empty if the image names none. */
  public String user() {
    return text(execution().get("User"));
  }

  public Optional<String> stopSignal() {
    return Optional.of(text(execution().get("StopSignal"))).filter(s -> !s.isEmpty());
  }

  /** Paths that the image declares as volumes. */
  public Set<String> volumes() {
    return map(execution().get("Volumes")).keySet();
  }

  public Map<String, String> labels() {
    Map<String, String> labels = new LinkedHashMap<>();
    map(execution().get("Labels")).forEach((k, v) -> labels.put(k, text(v)));
    return labels;
  }

  public Optional<Instant> created() {
    try {
      return Optional.of(text(oci.get("created"))).filter(s -> !s.isEmpty()).map(Instant::parse);
    } catch (DateTimeParseException odd) {
      return Optional.empty(); // a remark of the builder, not worth refusing an image for
    }
  }

  public Platform platform() {
    return new Platform(
        text(oci.get("os")), text(oci.get("architecture")), text(oci.get("variant")));
  }

  /** {@code rootfs.diff_ids}, lowest first. */
  public List<String> diffIds() {
    return texts(map(oci.get("rootfs")).get("diff_ids"));
  }

  private Map<String, Object> execution() {
    return map(oci.get("config"));
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : String.valueOf(value);
  }

  private static List<String> texts(@Nullable Object value) {
    List<String> texts = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(item -> texts.add(text(item)));
    } else if (value instanceof String one) {
      texts.add(one); // Docker's oldest images: a string where a list should be
    }
    return texts;
  }

  private static Map<String, Object> map(@Nullable Object value) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> found) {
      found.forEach((k, v) -> map.put(text(k), v));
    }
    return map;
  }
}
