package org.lichen.image.docker.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.Platform;

/** A reference to content (OCI image-spec "descriptor"). Immutable. */
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    List<String> urls,
    Map<String, String> annotations,
    Optional<Platform> platform) {
  public Descriptor {
    urls = List.copyOf(urls);
    annotations = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** A reference to content that is known, with nothing else said about it. */
  public static Descriptor of(String mediaType, Digest digest, long size) {
    return new Descriptor(mediaType, digest, size, List.of(), Map.of(), Optional.empty());
  }

  static Descriptor parse(Json json) throws ContainerException {
    json.requireObject();
    Map<String, String> annotations = new LinkedHashMap<>();
    for (Map.Entry<String, Json> each : json.get("annotations").members().entrySet()) {
      annotations.put(each.getKey(), each.getValue().textOrEmpty());
    }
    return new Descriptor(
        json.get("mediaType").textOrEmpty(),
        json.get("digest").digest(),
        json.get("size").count(),
        json.get("urls").texts(),
        annotations,
        platform(json.get("platform")));
  }

  static List<Descriptor> list(Json json) throws ContainerException {
    List<Descriptor> list = new ArrayList<>();
    for (Json item : json.items()) {
      list.add(parse(item));
    }
    return list;
  }

  private static Optional<Platform> platform(Json json) throws ContainerException {
    if (!json.present()) {
      return Optional.empty();
    }
    return Optional.of(
        new Platform(
            json.requireObject().get("os").text(),
            json.get("architecture").text(),
            json.get("variant").textOrEmpty()));
  }

  /** The fields that a manifest must give, for a manifest of our own. */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("mediaType", mediaType);
    json.put("digest", digest.toString());
    json.put("size", size);
    return json;
  }
}
