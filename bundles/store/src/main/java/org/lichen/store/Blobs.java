package org.lichen.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Errno;
import org.lichen.posix.Hashing;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;

/** Content under its digest. */
final class Blobs {
  private static final int CHUNK = 256 << 10;

  private final Places places;

  Blobs(Places places) {
    this.places = places;
  }

  boolean has(Digest digest) {
    return Files.exists(places.blob(digest));
  }

  long size(Digest digest) throws IOException {
    return Files.size(places.blob(digest));
  }

  ReadableByteChannel open(Digest digest) throws ContainerException {
    try {
      return Descriptor.open(places.blob(digest), Linux.O_RDONLY, 0);
    } catch (PosixException e) {
      if (e.errno() == Errno.ENOENT) {
        throw new ContainerException(
            ContainerException.Kind.NOT_FOUND, "blob (" + digest + ") is not in the store", "");
      }
      throw e.told("cannot read blob (" + digest + ")");
    }
  }

  /** Stores a blob, and waits until it is on disk; one that is there is not read again. */
  Digest store(ReadableByteChannel in, Optional<Digest> expected) throws ContainerException {
    if (expected.isPresent() && has(expected.get())) {
      return expected.get();
    }
    String what = "blob (" + expected.map(Digest::toString).orElse("new") + ")";
    String algorithm = expected.map(Digest::algorithm).orElse("sha256");
    MessageDigest hash = Hashing.hasher(algorithm);
    byte[] chunk = new byte[CHUNK];
    try (StagedBlob blob = new StagedBlob(places)) {
      int got = in.read(ByteBuffer.wrap(chunk));
      while (got >= 0) {
        hash.update(chunk, 0, got);
        blob.write(chunk, 0, got);
        got = in.read(ByteBuffer.wrap(chunk));
      }
      Digest digest = Digest.of(algorithm, hash.digest());
      if (expected.isPresent() && !digest.equals(expected.get())) {
        throw Failures.corrupt(what + " is damaged: its content has digest " + digest);
      }
      blob.sync();
      blob.publish(digest);
      return digest;
    } catch (IOException e) {
      throw Failures.told("cannot store " + what, e);
    }
  }
}
