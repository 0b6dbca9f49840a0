package org.lichen.runtime.image;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;

/** A source that is a name in a registry: it has no bytes of its own. */
record RegistrySource(ImageReference reference) implements ImageSource {
  @Override
  public Optional<Path> file() {
    return Optional.empty();
  }

  @Override
  public byte[] peek(int bytes) {
    return new byte[0];
  }

  @Override
  public ReadableByteChannel open(long from) throws IOException {
    throw new IOException(reference + " is a name in a registry, not a file");
  }
}
