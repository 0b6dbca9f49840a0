package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Where images are to be written. */
@ProviderType
public interface Destination {
  ImageReference reference();

  /**
   * The file that it is to be; empty for a stream. A format that can writes beside it and renames.
   */
  Optional<Path> file();

  /** A format's own, as {@link ReadOptions#others}. */
  Map<String, String> others();

  /** Opens it for one sequential write; the caller closes it. */
  WritableByteChannel open() throws IOException;
}
