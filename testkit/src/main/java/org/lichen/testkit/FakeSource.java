package org.lichen.testkit;

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

/** A name in a registry, or a file or directory. */
public record FakeSource(ImageReference reference, Optional<Path> file) implements ImageSource {
  public static FakeSource registry(String name) {
    return new FakeSource(ImageReference.docker(name), Optional.empty());
  }

  public static FakeSource file(String transport, Path file) {
    return file(transport, file, Optional.empty());
  }

  public static FakeSource file(String transport, Path file, Optional<String> tag) {
    return new FakeSource(
        new ImageReference(transport, file.toString(), tag, Optional.empty()), Optional.of(file));
  }

  @Override
  public byte[] peek(int bytes) throws IOException {
    if (file.isEmpty() || Files.isDirectory(file.get())) {
      return new byte[0];
    }
    try (InputStream in = Files.newInputStream(file.get())) {
      return in.readNBytes(bytes);
    }
  }

  @Override
  public ReadableByteChannel open(long from) throws IOException {
    if (file.isEmpty()) {
      throw new IOException(reference + " is not a file");
    }
    return FileChannel.open(file.get(), StandardOpenOption.READ).position(from);
  }
}
