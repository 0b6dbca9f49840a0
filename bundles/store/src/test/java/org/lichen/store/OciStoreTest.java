package org.lichen.store;

import java.nio.file.Path;
import org.lichen.api.image.ImageStore;
import org.lichen.testkit.ImageStoreConformance;

class OciStoreTest extends ImageStoreConformance {
  @Override
  protected ImageStore open(Path home) {
    return new OciStore(home, () -> pins);
  }
}
