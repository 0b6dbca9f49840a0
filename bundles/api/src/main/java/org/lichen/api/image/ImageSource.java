package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Where an image is to be read from: a registry name, or bytes. */
@ProviderType
public interface ImageSource {
  /** Under which a format keeps {@link #stamp} in the configuration of the image it read. */
  String STAMP = "org.lichen.source";

  ImageReference reference();

  /** The file or directory, if it is one; a source from standard input is spooled to a file. */
  Optional<Path> file();

  /**
   * Tells this state of a file from every other one, without reading it; empty for what is no
   * regular file. A format that keeps it (under {@link #STAMP}) is not asked to read the same file
   * again.
   */
  default Optional<String> stamp() {
    Optional<Path> regular = file().filter(Files::isRegularFile);
    try {
      return regular.isEmpty()
          ? Optional.empty()
          : Optional.of(
              String.join(
                  " ",
                  String.valueOf(Files.getAttribute(regular.get(), "unix:dev")),
                  String.valueOf(Files.getAttribute(regular.get(), "unix:ino")),
                  String.valueOf(Files.size(regular.get())),
                  String.valueOf(Files.getLastModifiedTime(regular.get()).toInstant()),
                  String.valueOf(Files.getAttribute(regular.get(), "unix:ctime"))));
    } catch (IOException | UnsupportedOperationException unknown) {
      return Optional.empty();
    }
  }

  /** The first bytes, at most {@code bytes} of them; empty for a directory or a registry. */
  byte[] peek(int bytes) throws IOException;

  /** The bytes from an offset; the caller closes it. */
  ReadableByteChannel open(long from) throws IOException;
}
