package org.lichen.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;

/** Brings the first image of an OCI layout on disk into a store, as a format would. */
final class OciLayouts {
  private OciLayouts() {}

  static Image read(Path layout, ImageStore.Writer into) throws IOException, ContainerException {
    Map<String, Object> index =
        Json.read(Files.readAllBytes(layout.resolve("index.json")), "index");
    Digest manifest = Json.digest(Json.maps(index, "manifests").get(0), "digest", "index");
    Map<String, Object> json = Json.read(Files.readAllBytes(blob(layout, manifest)), "manifest");
    Digest config = Json.digest(Json.map(json, "config"), "digest", "config");
    List<String> diffIds =
        new ImageConfig(Json.read(Files.readAllBytes(blob(layout, config)), "config")).diffIds();
    int i = 0;
    for (Map<String, Object> layer : Json.maps(json, "layers")) {
      Digest digest = Json.digest(layer, "digest", "layer");
      Digest diffId = Digest.parse(diffIds.get(i++));
      into.layer(
          new LayerContent.Archive(
              Optional.of(digest),
              Optional.of(diffId),
              Json.text(layer, "mediaType"),
              () -> FileChannel.open(blob(layout, digest))));
    }
    for (Digest one : new Digest[] {config, manifest}) {
      try (FileChannel in = FileChannel.open(blob(layout, one))) {
        into.blob(in, Optional.of(one));
      }
    }
    return into.publish(manifest);
  }

  private static Path blob(Path layout, Digest digest) {
    return layout.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
  }
}
