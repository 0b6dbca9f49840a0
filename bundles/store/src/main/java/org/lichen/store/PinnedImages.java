package org.lichen.store;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Pins;

/** All images that somebody pins, asked anew every time. */
@FunctionalInterface
public interface PinnedImages {
  PinnedImages NONE = Map::of;

  /** Manifests, with who pins each. */
  Map<Digest, Set<String>> all() throws ContainerException;

  /** What all of these pin. */
  static Map<Digest, Set<String>> union(Iterable<Pins> pins) throws ContainerException {
    Map<Digest, Set<String>> all = new ConcurrentHashMap<>();
    for (Pins one : pins) {
      one.pinned()
          .forEach(
              (manifest, who) -> all.computeIfAbsent(manifest, m -> new TreeSet<>()).addAll(who));
    }
    return all;
  }

  default Set<Digest> manifests() throws ContainerException {
    return all().keySet();
  }

  /** Fails if an image is pinned. */
  default void refuse(String image, Digest manifest) throws ContainerException {
    Set<String> who = all().getOrDefault(manifest, Set.of());
    if (!who.isEmpty()) {
      throw new ContainerException(
          Kind.CONFLICT,
          "cannot remove image '" + image + "': it is used by " + String.join(", ", who),
          "remove that first, or use --force: the name goes, what is used stays");
    }
  }
}
