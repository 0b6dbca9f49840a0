package org.lichen.image.singularity;

import java.nio.file.Path;
import java.util.List;
import org.lichen.api.image.ImageStore;
import org.lichen.image.singularity.read.SquashLayers;
import org.lichen.store.LayerReaders;
import org.lichen.store.OciStore;
import org.lichen.store.PinnedImages;

/** The real store, which reads layers that are a squashfs. */
final class Stores {
  private Stores() {}

  static ImageStore in(Path home) {
    LayerReaders readers = new LayerReaders(List.of(new SquashLayers()));
    return new OciStore(home, PinnedImages.NONE, readers);
  }
}
