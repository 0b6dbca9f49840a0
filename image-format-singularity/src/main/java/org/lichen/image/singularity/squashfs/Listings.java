package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.util.Optional;

/** Reads directories. For one thread. */
final class Listings {
  private static final int HEADER = 12;
  private static final int ENTRY = 8;
  private static final int LONGEST_NAME = 255;
  private static final int MOST_OF_A_HEADER = 256;

  private final Superblock superblock;
  private final Metadata metadata;

  /** A name, and the reference of its inode. */
  record Named(byte[] name, long inode) {}

  Listings(Superblock superblock, Metadata metadata) {
    this.superblock = superblock;
    this.metadata = metadata;
  }

  /** The entries of a directory, read as they are asked for: a listing may be of any length. */
  Walk walk(Inode.Listing listing) {
    return new Walk(listing);
  }

  /** Goes through one directory. For one thread. */
  final class Walk {
    private final Metadata.Cursor in;
    private long left;
    private long ofThisHeader;
    private long block;

    private Walk(Inode.Listing listing) {
      left = listing.length();
      in =
          metadata.at(
              superblock.directoryTable(),
              listing.reference(),
              superblock.endOf(superblock.directoryTable()),
              "directory table");
    }

    /** The next entry; empty at the end. */
    Optional<Named> next() throws IOException {
      if (left <= 0) {
        return Optional.empty();
      }
      if (ofThisHeader == 0) {
        ofThisHeader = in.u32() + 1;
        block = in.u32();
        in.u32(); // number of the first inode
        left -= HEADER;
        if (ofThisHeader > MOST_OF_A_HEADER) {
          throw in.wrong("a header of " + ofThisHeader + " entries cannot be");
        }
      }
      ofThisHeader--;
      int offset = in.u16();
      in.u16(); // number, and kind, which the inode says itself
      in.u16();
      int length = in.u16() + 1;
      left -= ENTRY + length;
      if (left < 0 || length > LONGEST_NAME) {
        throw in.wrong("a name of " + length + " bytes does not fit");
      }
      return Optional.of(new Named(name(in, length), block << 16 | offset));
    }
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
