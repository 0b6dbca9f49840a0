package org.lichen.api.image;

import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.Digest;

/**
 * Where one layer lies: unpacked, {@code directory} holds the files, {@code index} what the image
 * says about them ({@code layer.json}), {@code whiteouts} their encoding: {@code overlay} or {@code
 * aufs}. If it has {@code packed}, it is not unpacked yet, and need not be where that can be used.
 */
public record LayerPath(
    Digest diffId, Path directory, Path index, String whiteouts, Optional<Packed> packed) {
  /** A file system in a file; {@code kind} as in {@code Lower}. */
  public record Packed(Path file, String kind, long offset) {}

  /** An unpacked layer. */
  public LayerPath(Digest diffId, Path directory, Path index, String whiteouts) {
    this(diffId, directory, index, whiteouts, Optional.empty());
  }

  /** The same layer once it is unpacked. */
  public LayerPath unpacked() {
    return new LayerPath(diffId, directory, index, whiteouts);
  }
}
