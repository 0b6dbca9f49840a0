package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads extended attributes. For one thread. */
final class Xattrs {
  private static final String[] PREFIXES = {"user.", "trusted.", "security."};
  private static final int ELSEWHERE = 0x100;
  private static final int ENTRY = 16;
  private static final int LARGEST_VALUE = 64 << 10;

  private final Metadata metadata;
  private final long start;
  private final long end;
  private final Optional<Table> ids;

  Xattrs(Slice image, Superblock superblock, Metadata metadata) throws IOException {
    this.metadata = metadata;
    long header = superblock.xattrTable();
    if (header == -1) {
      start = 0;
      end = 0;
      ids = Optional.empty();
      return;
    }
    ByteBuffer in = image.read(header, ENTRY, "xattr table");
    start = in.getLong();
    long count = in.getInt() & 0xffffffffL;
    if (start < Superblock.LENGTH || start > header) {
      throw SquashfsException.at(header, "xattr table", "it would begin at " + start);
    }
    end = header;
    ids = Optional.of(new Table(image, metadata, "xattr table", header + ENTRY, ENTRY, count));
  }

  Map<String, byte[]> of(long index) throws IOException {
    if (index < 0) {
      return Map.of();
    }
    if (ids.isEmpty()) {
      throw SquashfsException.at(
          56, "xattr table", "there is none, and a file has attributes " + index);
    }
    Metadata.Cursor id = ids.get().at(index);
    Metadata.Cursor in = metadata.at(start, id.u64(), end, "xattr table");
    long count = id.u32();
    Map<String, byte[]> all = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      int type = in.u16();
      int prefix = type & 0xff;
      String name = new String(in.bytes(in.u16()), StandardCharsets.UTF_8);
      byte[] value = value(in, (int) Math.min(in.u32(), Integer.MAX_VALUE));
      if ((type & ELSEWHERE) != 0) {
        value = elsewhere(in, value);
      }
      if (prefix < PREFIXES.length) {
        all.put(PREFIXES[prefix] + name, value);
      }
    }
    return all;
  }

  private byte[] elsewhere(Metadata.Cursor in, byte[] reference) throws IOException {
    if (reference.length != Long.BYTES) {
      throw in.wrong("a reference to a value has " + reference.length + " bytes");
    }
    long at = ByteBuffer.wrap(reference).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong();
    Metadata.Cursor there = metadata.at(start, at, end, "xattr table");
    return value(there, (int) Math.min(there.u32(), Integer.MAX_VALUE));
  }

  private static byte[] value(Metadata.Cursor in, int length) throws IOException {
    if (length > LARGEST_VALUE) {
      throw in.wrong("a value of " + length + " bytes cannot be");
    }
    return in.bytes(length);
  }
}
