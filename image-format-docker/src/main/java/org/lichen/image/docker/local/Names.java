package org.lichen.image.docker.local;

import java.util.Locale;
import java.util.Optional;
import org.lichen.api.image.ImageReference;

/** The names that an image gets from what its source calls it. */
final class Names {
  private Names() {}

  /** A full name, as {@code docker save} and containerd write it. */
  static Optional<ImageReference> full(String label) {
    try {
      return Optional.of(ImageReference.docker(label));
    } catch (IllegalArgumentException odd) {
      return Optional.empty(); // a remark of whoever wrote the archive, no name of ours
    }
  }

  /**
   * An {@code org.opencontainers.image.ref.name}: a full name, or a tag only; then the name is that
   * of the file: {@code oci:/data/web:v1} holds {@code localhost/web:v1}.
   */
  static Optional<ImageReference> ofLayout(String label, ImageReference source) {
    if (label.contains("/") || label.contains(":")) {
      return full(label);
    }
    String path = source.name().replaceAll("/+$", "");
    if (!source.transport().startsWith("oci") || path.startsWith("/dev/")) {
      return Optional.empty(); // a stream, spooled: the name of the file says nothing
    }
    String base =
        path.substring(path.lastIndexOf('/') + 1)
            .toLowerCase(Locale.ROOT)
            .replaceFirst("\\.(tgz|tzst|txz|(oci|tar)(\\.(gz|zst|xz|bz2))?)$", "")
            .replaceFirst("\\.oci$", "");
    return full("localhost/" + base + ":" + label);
  }
}
