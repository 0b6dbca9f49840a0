package org.lichen.elf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A file of which nothing is believed: each read says which field asks for it. */
final class Input {
  /** No table that a loader reads is larger; what claims to be is not worth the memory. */
  private static final long LARGEST = 64 << 20;

  private final FileChannel file;
  private final long size;

  Input(FileChannel file) throws IOException {
    this.file = file;
    this.size = file.size();
  }

  long size() {
    return size;
  }

  FileChannel file() {
    return file;
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
      if (file.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return bytes.flip();
  }
}
