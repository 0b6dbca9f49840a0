package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Where an image is to be read from: a registry name, or bytes. */
@ProviderType
public interface ImageSource {
  ImageReference reference();

  /** The file or directory, if it is one; a source from standard input is spooled to a file. */
  Optional<Path> file();

  /** The first bytes, at most {@code bytes} of them; empty for a directory or a registry. */
  byte[] peek(int bytes) throws IOException;

  /** The bytes from an offset; the caller closes it. */
  ReadableByteChannel open(long from) throws IOException;
}
