package org.lichen.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.Layer;

/** Reads images out of their manifests: OCI and Docker schema 2. Thread-safe. */
final class Manifests {
  static final String OCI = "application/vnd.oci.image.manifest.v1+json";
  static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String DOCKER = "application/vnd.docker.distribution.manifest.v2+json";

  /** OCI distribution-spec: a registry need not take a manifest larger than this. */
  private static final long LARGEST = 4 << 20;

  private static final int REMEMBERED = 256;

  private final Places places;

  /** Content under a digest does not change, so what was read once stays true. */
  private final Map<Digest, Image> known = new ConcurrentHashMap<>();

  Manifests(Places places) {
    this.places = places;
  }

  /** The image of a manifest, whose configuration must be there; its layers need not. */
  Image image(Digest manifest) throws ContainerException {
    Image image = known.get(manifest);
    if (image == null) {
      image = read(manifest);
      if (known.size() >= REMEMBERED) {
        known.clear();
      }
      known.put(manifest, image);
    }
    return image;
  }

  /** To be called when blobs were removed. */
  void forget() {
    known.clear();
  }

  private Image read(Digest digest) throws ContainerException {
    String what = "manifest (" + digest + ")";
    Map<String, Object> manifest = json(digest, what);
    type(manifest, what);
    Map<String, Object> configuration = Json.map(manifest, "config");
    Digest id = Json.digest(configuration, "digest", what + ": config");
    ImageConfig config = new ImageConfig(json(id, "image configuration (" + id + ")"));
    List<Layer> layers = layers(manifest, config, what);
    return new Image(id, digest, config.platform(), config, layers);
  }

  /** The media type that a manifest says it has (image-spec: it should; Docker: it must). */
  static String type(Map<String, Object> manifest, String what) throws ContainerException {
    String said = Json.text(manifest, "mediaType");
    String type = said.isEmpty() ? OCI : said;
    if (Json.number(manifest, "schemaVersion") != 2
        || manifest.containsKey("manifests")
        || !(type.equals(OCI) || type.equals(DOCKER))) {
      throw new ContainerException(
          Kind.CORRUPT, what + " is not the manifest of one image: its type is '" + type + "'", "");
    }
    return type;
  }

  /** The OCI media type of a layer that a Docker manifest may have named. */
  static String oci(String layerType) {
    return switch (layerType) {
      case "application/vnd.docker.image.rootfs.diff.tar.gzip" ->
          "application/vnd.oci.image.layer.v1.tar+gzip";
      case "application/vnd.docker.image.rootfs.diff.tar" ->
          "application/vnd.oci.image.layer.v1.tar";
      case "application/vnd.docker.image.rootfs.diff.tar.zstd" ->
          "application/vnd.oci.image.layer.v1.tar+zstd";
      default -> layerType;
    };
  }

  private static List<Layer> layers(Map<String, Object> manifest, ImageConfig config, String what)
      throws ContainerException {
    List<Map<String, Object>> blobs = Json.maps(manifest, "layers");
    List<String> diffIds = config.diffIds();
    if (blobs.size() != diffIds.size()) {
      throw Failures.corrupt(
          what
              + " has "
              + blobs.size()
              + " layers, its configuration "
              + diffIds.size()
              + ": this is not an image of a container, or it is damaged");
    }
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < blobs.size(); i++) {
      Map<String, Object> blob = blobs.get(i);
      layers.add(
          new Layer(
              Json.digest(blob, "digest", what + ": layer"),
              Json.digest(Map.of("diff", diffIds.get(i)), "diff", what + ": diff_id"),
              Json.number(blob, "size"),
              Json.text(blob, "mediaType")));
    }
    return layers;
  }

  Map<String, Object> json(Digest blob, String what) throws ContainerException {
    return Json.read(bytes(blob, what), what);
  }

  /** A small blob, verified: what was damaged on disk must not be taken for an image. */
  byte[] bytes(Digest blob, String what) throws ContainerException {
    Path path = places.blob(blob);
    try {
      if (Files.size(path) > LARGEST) {
        throw Failures.corrupt(what + " has " + Files.size(path) + " bytes, 4 MiB are possible");
      }
      byte[] bytes = Files.readAllBytes(path);
      Digest is = Digest.of(blob.algorithm(), Digest.hasher(blob.algorithm()).digest(bytes));
      if (!is.equals(blob)) {
        throw Failures.corrupt(what + " is damaged: its content has digest " + is);
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw Failures.corrupt(what + " is not in the store");
    } catch (IOException e) {
      throw Failures.told("cannot read " + what, e);
    }
  }
}
