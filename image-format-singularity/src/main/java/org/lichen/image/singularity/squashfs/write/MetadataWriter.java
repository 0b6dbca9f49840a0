package org.lichen.image.singularity.squashfs.write;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A table of metadata, in blocks of 8 KiB, kept in memory until it is written. For one thread. */
final class MetadataWriter {
  private static final int BLOCK = 8 << 10;
  private static final int PLAIN = 0x8000;

  private final Packing packing;
  private final ByteArrayOutputStream packed = new ByteArrayOutputStream();
  private final List<Long> starts = new ArrayList<>();
  private final byte[] block = new byte[BLOCK];
  private final byte[] eight = new byte[Long.BYTES];
  private final ByteBuffer number = ByteBuffer.wrap(eight).order(ByteOrder.LITTLE_ENDIAN);
  private int filled;

  MetadataWriter(Packing packing) {
    this.packing = packing;
  }

  /** Where the next byte will lie: block's offset << 16, and offset within the block. */
  long reference() {
    return (long) packed.size() << 16 | filled;
  }

  MetadataWriter bytes(byte[] from) {
    return bytes(from, from.length);
  }

  private MetadataWriter bytes(byte[] from, int length) {
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, BLOCK - filled);
      System.arraycopy(from, done, block, filled, part);
      filled += part;
      done += part;
      if (filled == BLOCK) {
        flush();
      }
    }
    return this;
  }

  MetadataWriter u16(long value) {
    number.putLong(0, value);
    return bytes(eight, Short.BYTES);
  }

  MetadataWriter u32(long value) {
    number.putLong(0, value);
    return bytes(eight, Integer.BYTES);
  }

  MetadataWriter u64(long value) {
    number.putLong(0, value);
    return bytes(eight, Long.BYTES);
  }

  private void flush() {
    if (filled == 0) {
      return;
    }
    starts.add((long) packed.size());
    Packing.Packed stored = packing.packed(block, filled);
    int header = stored.bytes().length | (stored.compressed() ? 0 : PLAIN);
    packed.write(header);
    packed.write(header >> 8);
    packed.writeBytes(stored.bytes());
    filled = 0;
  }

  /** All of it. */
  byte[] finish() {
    flush();
    return packed.toByteArray();
  }

  /** Offsets of its blocks, known after {@link #finish}. */
  List<Long> starts() {
    return starts;
  }
}
