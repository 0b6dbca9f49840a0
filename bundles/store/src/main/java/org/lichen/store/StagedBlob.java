package org.lichen.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lichen.api.Digest;
import org.lichen.posix.Bytes;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Directory;
import org.lichen.posix.Linux;

/** A blob while it is written: beside its place, until its digest is known to be right. */
final class StagedBlob implements AutoCloseable {
  private final Places places;
  private final Path path;
  private final Descriptor file;

  StagedBlob(Places places) throws IOException {
    this.places = places;
    this.path = places.blobStaging().resolve(Places.unique());
    this.file = Descriptor.open(path, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL, 0644);
  }

  void write(byte[] bytes, int offset, int length) throws IOException {
    file.write(ByteBuffer.wrap(bytes, offset, length));
  }

  void sync() throws IOException {
    file.sync();
  }

  /** Puts it in its place; the content must be synced. */
  void publish(Digest digest) throws IOException {
    Path target = places.blob(digest);
    Path parent = places.blobs().resolve(digest.algorithm());
    Files.createDirectories(parent);
    try (Directory staging = Directory.open(places.blobStaging());
        Directory in = Directory.open(parent)) {
      staging.rename(Bytes.of(path.getFileName()), in, Bytes.of(target.getFileName()));
    }
  }

  /** Removes what was not published. */
  @Override
  public void close() throws IOException {
    file.close();
    Files.deleteIfExists(path);
  }
}
