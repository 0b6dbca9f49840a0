package org.lichen.elf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A file of which nothing is believed: each read says which field asks for it. */
final class Input {
  /** No table that a loader reads is larger; what claims to be is not worth the memory. */
  private static final long LARGEST = 64 << 20;

  private final @Nullable FileChannel file;
  private final Source source;
  private final long size;

  /** As {@link FileChannel#read(ByteBuffer, long)}. */
  @FunctionalInterface
  private interface Source {
    int read(ByteBuffer into, long at) throws IOException;
  }

  Input(FileChannel file) throws IOException {
    this.file = file;
    this.source = file::read;
    this.size = file.size();
  }

  Input(byte[] bytes) {
    this.file = null;
    ByteBuffer all = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    this.source =
        (into, at) -> {
          int count = Math.min(into.remaining(), bytes.length - (int) at);
          into.put(all.slice((int) at, count));
          return count;
        };
    this.size = bytes.length;
  }

  long size() {
    return size;
  }

  /** Copies as {@link FileChannel#transferTo} does. */
  long transferTo(long at, long count, FileChannel to) throws IOException {
    if (file == null) {
      throw new IllegalStateException("only files are edited");
    }
    return file.transferTo(at, count, to);
  }

  void within(long offset, long length, String field) throws ElfException {
    if (offset < 0 || length < 0 || length > size || offset > size - length) {
      throw new ElfException(
          offset,
          field,
          Long.toUnsignedString(length)
              + " bytes there are outside of the file, which has "
              + size);
    }
  }

  ByteBuffer read(Format format, long offset, long length, String field) throws IOException {
    within(offset, length, field);
    if (length > LARGEST) {
      throw new ElfException(offset, field, length + " bytes are more than any loader reads");
    }
    ByteBuffer bytes = format.buffer((int) length);
    while (bytes.hasRemaining()) {
      if (source.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return bytes.flip();
  }
}
