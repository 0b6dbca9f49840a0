package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import org.lichen.api.Digest;

/** The digest of a file that nobody has told. */
final class Hashing {
  private Hashing() {}

  /** What is to be hashed. */
  interface Source {
    ReadableByteChannel open() throws IOException;
  }

  static Digest of(Source source) throws IOException {
    MessageDigest hasher = Digest.hasher("sha256");
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    try (ReadableByteChannel in = source.open()) {
      while (in.read(buffer.clear()) >= 0) {
        hasher.update(buffer.flip());
      }
    }
    return Digest.of("sha256", hasher.digest());
  }
}
