package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** A part of a file. Thread-safe. */
record Slice(FileChannel file, long start, long size) {
  /** Exactly these bytes, as numbers are read from them; {@code what} names them in a failure. */
  ByteBuffer read(long at, int length, String what) throws IOException {
    return ByteBuffer.wrap(bytes(at, length, what)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Exactly these bytes. */
  byte[] bytes(long at, int length, String what) throws IOException {
    check(at, length, what); // before there is memory for it
    byte[] bytes = new byte[length];
    bytes(at, bytes, length, what);
    return bytes;
  }

  /** The same into the beginning of {@code to}. */
  void bytes(long at, byte[] to, int length, String what) throws IOException {
    check(at, length, what);
    ByteBuffer into = ByteBuffer.wrap(to, 0, length);
    while (into.hasRemaining()) {
      if (file.read(into, start + at + into.position()) < 0) {
        throw SquashfsException.at(at, what, "the file is cut off");
      }
    }
  }

  private void check(long at, int length, String what) throws SquashfsException {
    if (at < 0 || length < 0 || at > size - length) {
      throw SquashfsException.at(at, what, "it would lie beyond the end, at byte " + size);
    }
  }
}
