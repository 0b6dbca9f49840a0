package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads directories. For one thread. */
final class Listings {
  private static final int HEADER = 12;
  private static final int ENTRY = 8;
  private static final int LONGEST_NAME = 255;

  private final Superblock superblock;
  private final Metadata metadata;

  /** A name, and the reference of its inode. */
  record Named(byte[] name, long inode) {}

  Listings(Superblock superblock, Metadata metadata) {
    this.superblock = superblock;
    this.metadata = metadata;
  }

  List<Named> read(Inode.Listing listing) throws IOException {
    List<Named> all = new ArrayList<>();
    if (listing.length() == 0) {
      return all;
    }
    Metadata.Cursor in =
        metadata.at(
            superblock.directoryTable(),
            listing.reference(),
            superblock.endOf(superblock.directoryTable()),
            "directory table");
    long left = listing.length();
    while (left > 0) {
      long count = in.u32() + 1;
      long block = in.u32();
      in.u32(); // number of the first inode
      left -= HEADER;
      for (long i = 0; i < count && left > 0; i++) {
        int offset = in.u16();
        in.u16(); // number, and kind, which the inode says itself
        in.u16();
        int length = in.u16() + 1;
        left -= ENTRY + length;
        if (left < 0 || length > LONGEST_NAME) {
          throw in.wrong("a name of " + length + " bytes does not fit");
        }
        all.add(new Named(name(in, length), block << 16 | offset));
      }
    }
    return all;
  }

  private static byte[] name(Metadata.Cursor in, int length) throws IOException {
    byte[] name = in.bytes(length);
    boolean dots = name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
    for (byte b : name) {
      if (b == '/' || b == 0 || dots) {
        throw in.wrong(
            "a name that cannot be: " + new String(name, java.nio.charset.StandardCharsets.UTF_8));
      }
    }
    return name;
  }
}
