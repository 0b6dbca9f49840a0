package org.lichen.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;

/**
 * Finds and removes what no image needs. What is needed is computed from the manifests every time,
 * never counted: a count that a kill made wrong would lose layers.
 */
final class Garbage {
  private final Places places;
  private final Manifests manifests;
  private final LayerRemoval removal;

  Garbage(Places places, Manifests manifests, LayerRemoval removal) {
    this.places = places;
    this.manifests = manifests;
    this.removal = removal;
  }

  /** What was removed, and how many bytes that freed. */
  record Removed(List<Digest> blobs, long bytes) {}

  /** Removes everything that {@code roots} do not lead to. Only under the exclusive lock. */
  Removed remove(Set<Digest> roots) throws ContainerException {
    Set<String> needed = new HashSet<>();
    for (Digest root : roots) {
      follow(root, needed);
    }
    try {
      Removed blobs = blobs(needed);
      long layers = layers(needed);
      manifests.forget();
      return new Removed(blobs.blobs(), blobs.bytes() + layers);
    } catch (IOException e) {
      throw Failures.told("cannot remove what no image needs (" + places.home() + ")", e);
    }
  }

  /**
   * A manifest that cannot be read keeps itself and nothing else. Indexes of others are followed.
   */
  private void follow(Digest root, Set<String> needed) {
    if (!needed.add(root.hex())) {
      return;
    }
    try {
      Map<String, Object> manifest = manifests.json(root, "manifest");
      List<Map<String, Object>> references = new ArrayList<>(Json.maps(manifest, "layers"));
      references.add(Json.map(manifest, "config"));
      for (Map<String, Object> one : references) {
        needed.add(hex(Json.text(one, "digest")));
      }
      for (Map<String, Object> one : Json.maps(manifest, "manifests")) {
        follow(Json.digest(one, "digest", "manifest"), needed);
      }
      manifests.image(root).layers().forEach(layer -> needed.add(layer.diffId().hex()));
    } catch (ContainerException unreadable) {
      return;
    }
  }

  private static String hex(String digest) {
    return digest.substring(digest.indexOf(':') + 1);
  }

  private Removed blobs(Set<String> needed) throws IOException {
    List<Digest> removed = new ArrayList<>();
    long bytes = 0;
    try (DirectoryStream<Path> algorithms = Files.newDirectoryStream(places.blobs())) {
      for (Path algorithm : algorithms) {
        try (DirectoryStream<Path> blobs = Files.newDirectoryStream(algorithm)) {
          for (Path blob : blobs) {
            String hex = blob.getFileName().toString();
            if (!needed.contains(hex)) {
              long size = Files.size(blob);
              Files.delete(blob);
              bytes += size;
              removed.add(new Digest(algorithm.getFileName().toString(), hex));
            }
          }
        }
      }
    }
    return new Removed(removed, bytes);
  }

  private long layers(Set<String> needed) throws IOException {
    long bytes = 0;
    try (Directory layers = Directory.open(places.layers());
        Directory staging = Directory.open(places.layerStaging())) {
      for (byte[] name : layers.list()) {
        String hex = Bytes.shown(name);
        if (!needed.contains(hex) && !hex.equals(places.layerStaging().getFileName().toString())) {
          bytes += LayerSize.of(places.layers().resolve(hex).resolve(Places.INDEX));
          // First out of its place, in one step: a kill must not leave half a layer there.
          String away = Places.unique();
          layers.rename(name, staging, Bytes.of(away));
          removal.remove(places.layerStaging().resolve(away));
        }
      }
    }
    return bytes;
  }
}
