package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The metadata blocks, unpacked as they are needed; the last few are kept. For one thread. */
final class Metadata {
  static final int BLOCK = 8 << 10;
  private static final int KEPT = 128;
  private static final int PLAIN = 0x8000;

  private final Slice image;
  private final Codec codec;
  private final Map<Long, Block> blocks =
      new LinkedHashMap<>(KEPT * 2, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Block> eldest) {
          return size() > KEPT;
        }
      };

  /** Unpacked content, and where the next block begins. */
  private record Block(byte[] content, long next) {}

  Metadata(Slice image, Codec codec) {
    this.image = image;
    this.codec = codec;
  }

  /**
   * A cursor at a reference into the table that begins at {@code table}; it ends with the table.
   */
  Cursor at(long table, long reference, long end, String what) {
    return new Cursor(table + (reference >>> 16), (int) (reference & 0xffff), end, what);
  }

  private Block block(long at, long end, String what) throws IOException {
    if (at >= end) {
      throw SquashfsException.at(at, what, "the table ends here");
    }
    Block known = blocks.get(at);
    if (known != null) {
      return known;
    }
    int header = image.read(at, 2, what).getShort() & 0xffff;
    int length = header & ~PLAIN;
    if (length == 0 || length > BLOCK) {
      throw SquashfsException.at(at, what, "a metadata block of " + length + " bytes cannot be");
    }
    byte[] stored = image.bytes(at + 2, length, what);
    Block made;
    if ((header & PLAIN) != 0) {
      made = new Block(stored, at + 2 + length);
    } else {
      byte[] content = new byte[BLOCK];
      try {
        int got = codec.unpack(stored, length, content);
        made = new Block(got == BLOCK ? content : Arrays.copyOf(content, got), at + 2 + length);
      } catch (IOException e) {
        throw SquashfsException.at(at, what, "its compressed data is damaged: " + e.getMessage());
      }
    }
    blocks.put(at, made);
    return made;
  }

  /** Reads on and on, from block to block. */
  final class Cursor {
    private final long end;
    private final String what;
    private final byte[] eight = new byte[Long.BYTES];
    private final ByteBuffer number = ByteBuffer.wrap(eight).order(ByteOrder.LITTLE_ENDIAN);
    private long position;
    private int offset;

    private Cursor(long position, int offset, long end, String what) {
      this.position = position;
      this.offset = offset;
      this.end = end;
      this.what = what;
    }

    void read(byte[] to, int length) throws IOException {
      int done = 0;
      while (done < length) {
        Block block = block(position, end, what);
        if (offset > block.content().length) {
          throw SquashfsException.at(position, what, "a reference beyond the end of its block");
        }
        int part = Math.min(length - done, block.content().length - offset);
        System.arraycopy(block.content(), offset, to, done, part);
        done += part;
        offset += part;
        if (offset == block.content().length) {
          position = block.next();
          offset = 0;
        }
      }
    }

    byte[] bytes(int length) throws IOException {
      byte[] bytes = new byte[length];
      read(bytes, length);
      return bytes;
    }

    int u16() throws IOException {
      read(eight, 2);
      return number.getShort(0) & 0xffff;
    }

    int i32() throws IOException {
      read(eight, 4);
      return number.getInt(0);
    }

    long u32() throws IOException {
      return i32() & 0xffffffffL;
    }

    long u64() throws IOException {
      read(eight, 8);
      return number.getLong(0);
    }

    SquashfsException wrong(String why) {
      return SquashfsException.at(position, what, why);
    }
  }
}
