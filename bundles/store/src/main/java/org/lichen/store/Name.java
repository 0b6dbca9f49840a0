package org.lichen.store;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.lichen.api.image.ImageReference;

/** An image's name as it stands in index.json. */
record Name(String full, String transport) {
  /** OCI image-spec, annotations: what other tools address an image of a layout by. */
  private static final String REF = "org.opencontainers.image.ref.name";

  private static final String FULL = "org.lichen.image.name";
  private static final String TRANSPORT = "org.lichen.image.transport";
  private static final String DOCKER = "docker";

  /** What skopeo and umoci accept. */
  private static final Pattern ADDRESSABLE =
      Pattern.compile("[A-Za-z0-9]+([-._:@+/]+[A-Za-z0-9]+)*");

  static Name of(ImageReference reference) {
    return new Name(reference.toString(), reference.transport());
  }

  /** The name in the annotations of an entry; another tool may have written it. */
  static Optional<Name> of(Map<String, Object> annotations) {
    String full = Json.text(annotations, FULL);
    if (full.isEmpty()) {
      return typed(Json.text(annotations, REF));
    }
    String transport = Json.text(annotations, TRANSPORT);
    return Optional.of(new Name(full, transport.isEmpty() ? DOCKER : transport));
  }

  /** What a user typed, made complete as a name in a registry; empty if it cannot be one. */
  static Optional<Name> typed(String text) {
    try {
      return Optional.of(of(ImageReference.docker(text)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  Map<String, Object> annotations() {
    Map<String, Object> annotations = new LinkedHashMap<>();
    annotations.put(REF, addressable());
    annotations.put(FULL, full);
    if (!transport.equals(DOCKER)) {
      annotations.put(TRANSPORT, transport);
    }
    return annotations;
  }

  private String addressable() {
    if (ADDRESSABLE.matcher(full).matches()) {
      return full;
    }
    String clean = full.replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-|-$", "");
    return clean + "-" + String.format(Locale.ROOT, "%08x", full.hashCode());
  }

  /** Empty if another tool wrote something that is no name to us. */
  Optional<ImageReference> reference() {
    try {
      return Optional.of(
          transport.equals(DOCKER)
              ? ImageReference.docker(full)
              : ImageReference.parse(full, Set.of(transport)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
