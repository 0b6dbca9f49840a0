package org.lichen.runtime.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;

/** A source that is a file or a directory of the host. */
record FileSource(ImageReference reference, Path path) implements ImageSource {
  @Override
  public Optional<Path> file() {
    return Optional.of(path);
  }

  @Override
  public byte[] peek(int bytes) throws IOException {
    if (Files.isDirectory(path)) {
      return new byte[0];
    }
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(bytes);
    }
  }

  @Override
  public ReadableByteChannel open(long from) throws IOException {
    return FileChannel.open(path, StandardOpenOption.READ).position(from);
  }
}
