package org.lichen.api.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Reads layers that are no tars, by their media type; a service, which the store asks when such a
 * layer is to be unpacked or read. Stateless, thread-safe.
 */
@ConsumerType
public interface LayerReader {
  Set<String> mediaTypes();

  /**
   * What is in a blob, with whiteouts as the OCI image specification writes them; an IOException
   * that is no FileSystemException says that it is damaged. The caller closes it.
   */
  EntryStream entries(Path blob, String mediaType, Request request)
      throws IOException, ContainerException;

  /** Finds files of a blob that can be a lower as it lies, if the reader can do that. */
  default Optional<PackedFiles> files(Path blob, String mediaType) throws IOException {
    return Optional.empty();
  }

  /** What kind of lower the blob is as it lies ({@code Lower.SQUASHFS}), if it can be one. */
  Optional<String> lower(String mediaType);
}
