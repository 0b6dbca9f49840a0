package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.GuestPath;
import org.lichen.api.container.GuestTree;
import org.lichen.api.image.LayerReader;
import org.lichen.api.image.PackedFiles;

/**
 * An image of one layer that is used as it lies in a file. What a container has written is not
 * seen.
 */
final class PackedTree implements GuestTree {
  private static final int LARGEST = 64 << 20;

  private final LayerReader reader;
  private final Path file;
  private final String mediaType;

  PackedTree(LayerReader reader, Path file, String mediaType) {
    this.reader = reader;
    this.file = file;
    this.mediaType = mediaType;
  }

  /** Something that is asked of the file while it is open. */
  @FunctionalInterface
  private interface Question<T> {
    Optional<T> of(PackedFiles files) throws IOException;
  }

  private <T> Optional<T> ask(Question<T> question) throws IOException {
    Optional<PackedFiles> opened = reader.files(file, mediaType);
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    try (PackedFiles files = opened.get()) {
      return question.of(files);
    }
  }

  @Override
  public Optional<GuestPath> resolve(GuestPath path) throws IOException {
    return ask(
        files ->
            LinkWalk.resolve(
                path,
                at -> {
                  String name = at.value().substring(1);
                  return files.type(name).isEmpty()
                      ? Optional.empty()
                      : Optional.of(files.link(name).orElse(""));
                }));
  }

  @Override
  public Optional<byte[]> read(GuestPath path) throws IOException {
    return ask(files -> files.content(path.value().substring(1), LARGEST));
  }
}
