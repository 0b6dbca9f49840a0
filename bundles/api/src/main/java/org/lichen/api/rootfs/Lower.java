package org.lichen.api.rootfs;

import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.image.LayerPath;

/**
 * One read-only part of a root filesystem: a directory, or a file system at an offset of a file.
 * {@code whiteouts} is how it says that something below is absent ({@link LayerPath#whiteouts}).
 * {@code index} is what the image says about its files (docs/FORMATS.md, 7): with real ids, a
 * launcher makes of the two a tree with the real owners.
 */
public record Lower(
    Path location, String kind, long offset, String whiteouts, Optional<Path> index) {
  public static final String DIRECTORY = "directory";
  public static final String SQUASHFS = "squashfs";

  /** A plain directory, which hides nothing. */
  public static Lower directory(Path location) {
    return new Lower(location, DIRECTORY, 0, "overlay", Optional.empty());
  }

  /** A layer of the store, as it lies. */
  public static Lower layer(LayerPath layer) {
    return layer
        .packed()
        .map(p -> new Lower(p.file(), p.kind(), p.offset(), "overlay", Optional.empty()))
        .orElseGet(
            () ->
                new Lower(
                    layer.directory(),
                    DIRECTORY,
                    0,
                    layer.whiteouts(),
                    Optional.of(layer.index())));
  }
}
