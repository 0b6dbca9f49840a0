package org.lichen.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.lichen.api.Digest;
import org.lichen.api.image.EntryStream;
import org.lichen.archive.LayerIndex;
import org.lichen.archive.TarReader;
import org.lichen.archive.Unpacker;
import org.lichen.archive.Whiteouts;
import org.lichen.posix.Bytes;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Directory;
import org.lichen.posix.Errno;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;
import org.lichen.posix.Trees;

/** A layer while it is unpacked: beside its place, until all of it is there. */
final class StagedLayer implements AutoCloseable {
  private static final int NEW = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;

  private final Places places;
  private final Path path;
  private final Directory directory;
  private final Descriptor indexFile;
  private final LayerIndex index;
  private final Whiteouts encoding;

  StagedLayer(Places places, Whiteouts encoding) throws IOException {
    this.places = places;
    this.encoding = encoding;
    this.path = places.layerStaging().resolve(Places.unique());
    try (Directory staging = Directory.open(places.layerStaging())) {
      byte[] name = Bytes.of(path.getFileName());
      staging.makeDirectory(name, 0755);
      directory = staging.directory(name);
      directory.makeDirectory(Bytes.of(Places.FILES), 0700);
      indexFile = directory.file(Bytes.of(Places.INDEX), NEW, 0644);
    }
    index = new LayerIndex(indexFile, encoding);
  }

  void unpack(InputStream tar) throws IOException {
    try (TarReader reader = new TarReader(tar)) {
      unpack(reader);
    }
  }

  void unpack(EntryStream entries) throws IOException {
    try (Directory files = directory.directory(Bytes.of(Places.FILES))) {
      new Unpacker(files, encoding, index).unpack(entries);
    }
  }

  /** Finishes the index and waits until all of the layer, and the blob beside it, is on disk. */
  void finish(Digest diffId) throws IOException {
    index.finish(diffId);
    byte[] implied = index.implied();
    if (implied.length > 0) {
      try (Descriptor file = directory.file(Bytes.of(Places.IMPLIED), NEW, 0644)) {
        file.write(ByteBuffer.wrap(implied));
      }
    }
    directory.syncFileSystem();
  }

  /** Puts it in its place; if another process was first, its layer is as good. */
  void publish(Digest diffId) throws IOException {
    Path target = places.layer(diffId);
    try (Directory staging = Directory.open(places.layerStaging());
        Directory layers = Directory.open(places.layers())) {
      staging.rename(Bytes.of(path.getFileName()), layers, Bytes.of(target.getFileName()));
    } catch (PosixException e) {
      if (e.errno() != Errno.ENOTEMPTY && e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
  }

  /** Removes what was not published. */
  @Override
  public void close() throws IOException {
    indexFile.close();
    directory.close();
    Trees.remove(path);
  }
}
