package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.osgi.annotation.versioning.ProviderType;

/** Where images are to be written. */
@ProviderType
public interface Destination {
  ImageReference reference();

  /** Opens it for one sequential write; the caller closes it. */
  WritableByteChannel open() throws IOException;
}
