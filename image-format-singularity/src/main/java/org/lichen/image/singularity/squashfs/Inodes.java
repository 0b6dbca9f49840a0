package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.util.Arrays;
import org.lichen.api.image.Entry;

/** Reads inodes: kinds 1 to 7 are the short forms, 8 to 14 the long ones. For one thread. */
final class Inodes {
  private static final Entry.Type[] TYPES = {
    Entry.Type.DIRECTORY,
    Entry.Type.FILE,
    Entry.Type.SYMLINK,
    Entry.Type.BLOCK_DEVICE,
    Entry.Type.CHARACTER_DEVICE,
    Entry.Type.FIFO,
    Entry.Type.SOCKET
  };
  private static final int LONG = TYPES.length;
  private static final long NO_FRAGMENT = 0xffffffffL;
  private static final long NO_XATTR = 0xffffffffL;
  private static final int LONGEST_TARGET = 4096;

  /** Two tebibytes in blocks of the usual size; their list is in memory. */
  private static final long MOST_BLOCKS = 16 << 20;

  /** A listing counts three bytes for "." and ".." that are not there. */
  private static final int UNSAID = 3;

  private final Superblock superblock;
  private final Metadata metadata;

  Inodes(Superblock superblock, Metadata metadata) {
    this.superblock = superblock;
    this.metadata = metadata;
  }

  Inode read(long reference) throws IOException {
    Metadata.Cursor in =
        metadata.at(superblock.inodeTable(), reference, superblock.directoryTable(), "inode table");
    int kind = in.u16();
    if (kind < 1 || kind > 2 * LONG) {
      throw in.wrong("an inode of kind " + kind + " is unknown");
    }
    Entry.Type type = TYPES[(kind - 1) % LONG];
    boolean extended = kind > LONG;
    Header header =
        new Header(reference, type, in.u16() & 07777, in.u16(), in.u16(), in.u32(), in.u32());
    return switch (type) {
      case DIRECTORY -> extended ? longDirectory(in, header) : directory(in, header);
      case FILE -> extended ? longFile(in, header) : file(in, header);
      case SYMLINK -> symlink(in, header, extended);
      case BLOCK_DEVICE, CHARACTER_DEVICE ->
          header.node(in.u32(), in.u32(), extended ? in.u32() : NO_XATTR);
      case FIFO, SOCKET -> header.node(in.u32(), 0, extended ? in.u32() : NO_XATTR);
      case HARDLINK -> throw new IllegalStateException();
    };
  }

  /** What all kinds begin with. */
  private record Header(
      long id, Entry.Type type, int mode, int owner, int group, long time, long number) {
    Inode inode(
        long links,
        long size,
        Inode.Listing listing,
        Blocks.Place blocks,
        byte[] target,
        long device,
        long xattrs) {
      return new Inode(
          id,
          type,
          mode,
          owner,
          group,
          time,
          links,
          size,
          listing,
          blocks,
          target,
          device,
          xattrs == NO_XATTR ? -1 : xattrs);
    }

    Inode node(long links, long device, long xattrs) {
      return inode(links, 0, Inode.Listing.NONE, Blocks.Place.NONE, new byte[0], device, xattrs);
    }

    Inode directory(long links, long block, int offset, long length, long xattrs) {
      return inode(
          links,
          0,
          new Inode.Listing(block << 16 | offset, Math.max(0, length - UNSAID)),
          Blocks.Place.NONE,
          new byte[0],
          0,
          xattrs);
    }

    Inode file(long links, long size, Blocks.Place blocks, long xattrs) {
      return inode(links, size, Inode.Listing.NONE, blocks, new byte[0], 0, xattrs);
    }
  }

  private static Inode directory(Metadata.Cursor in, Header header) throws IOException {
    long block = in.u32();
    long links = in.u32();
    long length = in.u16();
    int offset = in.u16();
    return header.directory(links, block, offset, length, NO_XATTR);
  }

  private static Inode longDirectory(Metadata.Cursor in, Header header) throws IOException {
    long links = in.u32();
    long length = in.u32();
    long block = in.u32();
    in.u32(); // the parent
    in.u16(); // the number of index entries, which follow and are not needed
    int offset = in.u16();
    return header.directory(links, block, offset, length, in.u32());
  }

  private Inode file(Metadata.Cursor in, Header header) throws IOException {
    long start = in.u32();
    long fragment = in.u32();
    int offset = in.i32();
    long size = in.u32();
    return header.file(1, size, blocks(in, start, size, fragment, offset), NO_XATTR);
  }

  private Inode longFile(Metadata.Cursor in, Header header) throws IOException {
    long start = in.u64();
    long size = in.u64();
    in.u64(); // bytes saved by holes
    long links = in.u32();
    long fragment = in.u32();
    int offset = in.i32();
    long xattrs = in.u32();
    return header.file(links, size, blocks(in, start, size, fragment, offset), xattrs);
  }

  /** The list of blocks grows while it is read: a size that lies ends with the table. */
  private Blocks.Place blocks(Metadata.Cursor in, long start, long size, long fragment, int offset)
      throws IOException {
    int block = superblock.blockSize();
    if (size < 0) {
      throw in.wrong("a file of " + Long.toUnsignedString(size) + " bytes cannot be");
    }
    boolean tail = fragment != NO_FRAGMENT;
    long count = size / block + (tail || size % block == 0 ? 0 : 1);
    if (tail && (offset < 0 || offset > block - size % block)) {
      throw in.wrong("the end of a file would lie outside of its fragment");
    }
    if (count > MOST_BLOCKS) {
      throw in.wrong("a file of " + count + " blocks is larger than what is read");
    }
    int[] words = new int[(int) Math.min(count, 1024)];
    for (long i = 0; i < count; i++) {
      if (i == words.length) {
        words = Arrays.copyOf(words, (int) Math.min(count, 2L * words.length));
      }
      words[(int) i] = in.i32();
    }
    return new Blocks.Place(start, words, tail ? fragment : -1, offset);
  }

  private static Inode symlink(Metadata.Cursor in, Header header, boolean extended)
      throws IOException {
    long links = in.u32();
    long length = in.u32();
    if (length > LONGEST_TARGET) {
      throw in.wrong("a symbolic link of " + length + " bytes cannot be");
    }
    byte[] target = in.bytes((int) length);
    return header.inode(
        links, 0, Inode.Listing.NONE, Blocks.Place.NONE, target, 0, extended ? in.u32() : NO_XATTR);
  }
}
