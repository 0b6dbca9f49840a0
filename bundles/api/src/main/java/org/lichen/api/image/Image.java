package org.lichen.api.image;

import java.util.List;
import org.lichen.api.Digest;

/**
 * An image in the store. {@code id} is the digest of its configuration, as people know it; {@code
 * manifest} that of its manifest. Layers are lowest first. Immutable.
 */
public record Image(
    Digest id, Digest manifest, Platform platform, ImageConfig config, List<Layer> layers) {
  public Image {
    layers = List.copyOf(layers);
  }

  /** Sum of the blobs, in bytes. */
  public long size() {
    return layers.stream().mapToLong(Layer::size).sum();
  }
}
