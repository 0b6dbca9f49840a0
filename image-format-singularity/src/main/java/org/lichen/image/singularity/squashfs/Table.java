package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A table of records of one size, found by an index of metadata blocks. For one thread. */
final class Table {
  private final Metadata metadata;
  private final String what;
  private final int width;
  private final long count;
  private final long[] blocks;
  private final long end;

  /** {@code index} is where the index lies, which comes after the table itself. */
  Table(Slice image, Metadata metadata, String what, long index, int width, long count)
      throws IOException {
    this.metadata = metadata;
    this.what = what;
    this.width = width;
    this.count = count;
    this.end = index;
    int each = Metadata.BLOCK / width;
    long needed = (count + each - 1) / each;
    if (needed > (image.size() - index) / 8) {
      throw SquashfsException.at(index, what, count + " entries do not fit into the file");
    }
    ByteBuffer positions = image.read(index, (int) needed * 8, what);
    blocks = new long[(int) needed];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = positions.getLong();
      if (blocks[i] < Superblock.LENGTH || blocks[i] >= index) {
        throw SquashfsException.at(index + 8L * i, what, "position " + blocks[i] + " is outside");
      }
    }
  }

  /** A cursor at a record. */
  Metadata.Cursor at(long number) throws IOException {
    if (number < 0 || number >= count) {
      throw SquashfsException.at(end, what, "there is no entry " + number + " of " + count);
    }
    int each = Metadata.BLOCK / width;
    return metadata.at(blocks[(int) (number / each)], number % each * width, end, what);
  }
}
