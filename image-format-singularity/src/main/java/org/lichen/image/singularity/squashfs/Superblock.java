package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The first 96 bytes, checked. Positions of tables count from the start; -1: there is none. */
record Superblock(
    long inodes,
    long made,
    int blockSize,
    long fragments,
    Codec codec,
    int flags,
    int ids,
    long root,
    long size,
    long idTable,
    long xattrTable,
    long inodeTable,
    long directoryTable,
    long fragmentTable,
    long exportTable) {
  static final int LENGTH = 96;
  static final int MAGIC = 0x73717368;
  private static final int SMALLEST_BLOCK = 4 << 10;
  private static final int LARGEST_BLOCK = 1 << 20;

  static Superblock read(Slice image) throws IOException {
    ByteBuffer in = image.read(0, LENGTH, "superblock");
    if (in.getInt() != MAGIC) {
      throw SquashfsException.at(0, "magic", "this is no squashfs");
    }
    long inodes = in.getInt() & 0xffffffffL;
    long when = in.getInt() & 0xffffffffL;
    int blockSize = in.getInt();
    long fragments = in.getInt() & 0xffffffffL;
    int compression = in.getShort() & 0xffff;
    int log = in.getShort() & 0xffff;
    int flags = in.getShort() & 0xffff;
    int ids = in.getShort() & 0xffff;
    int major = in.getShort() & 0xffff;
    int minor = in.getShort() & 0xffff;
    if (major != 4 || minor != 0) {
      throw SquashfsException.at(
          28, "version", major + "." + minor + " is not read, only 4.0; make it anew");
    }
    if (blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK || blockSize != 1 << log) {
      throw SquashfsException.at(12, "block size", blockSize + " cannot be");
    }
    Codec codec = Codec.of(compression);
    if (codec == Codec.LZMA) {
      throw SquashfsException.at(
          20, "compression", "lzma is not read; make it anew with: mksquashfs -comp xz");
    }
    Superblock made =
        new Superblock(
            inodes,
            when,
            blockSize,
            fragments,
            codec,
            flags,
            ids,
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong());
    made.check(image.size());
    return made;
  }

  private void check(long there) throws SquashfsException {
    if (size < LENGTH || size > there) {
      throw SquashfsException.at(
          40, "size", "it says " + size + " bytes, and there are " + there + ": it is cut off");
    }
    if (ids == 0) {
      throw SquashfsException.at(26, "number of ids", "there are none");
    }
    inside(48, "id table", idTable);
    inside(64, "inode table", inodeTable);
    inside(72, "directory table", directoryTable);
    if (inodeTable >= directoryTable) {
      throw SquashfsException.at(72, "directory table", "it begins before the inode table");
    }
    if (fragments > 0) {
      inside(80, "fragment table", fragmentTable);
    }
    if (xattrTable != -1) {
      inside(56, "xattr table", xattrTable);
    }
  }

  private void inside(long at, String field, long position) throws SquashfsException {
    if (position < LENGTH || position >= size) {
      throw SquashfsException.at(at, field, "it would begin at " + position + ", outside");
    }
  }

  /** Where the table that begins at {@code start} ends at the latest: where the next one begins. */
  long endOf(long start) {
    List<Long> starts =
        new ArrayList<>(
            List.of(
                idTable, xattrTable, inodeTable, directoryTable, fragmentTable, exportTable, size));
    starts.removeIf(other -> other <= start);
    return starts.stream().mapToLong(Long::longValue).min().orElse(size);
  }
}
