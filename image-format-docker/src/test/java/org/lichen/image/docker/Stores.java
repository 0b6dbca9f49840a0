package org.lichen.image.docker;

import java.nio.file.Path;
import org.lichen.api.image.ImageStore;
import org.lichen.store.OciStore;
import org.lichen.store.PinnedImages;

/** The real store, in a directory of a test. */
final class Stores {
  private Stores() {}

  static ImageStore open(Path home) {
    return new OciStore(home, PinnedImages.NONE);
  }
}
