package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lichen.api.image.Entry;

/**
 * A squashfs at a place in a file. Nothing in it is trusted: whatever it says is checked against
 * the file before it is used. For one thread.
 */
public final class Squashfs implements AutoCloseable {
  private static final int OWNER = 4;

  private final Superblock superblock;
  private final Inodes inodes;
  private final Listings listings;
  private final Table ids;
  private final Xattrs xattrs;
  private final Blocks blocks;
  private final long size;

  /** {@code size} bytes of the file from {@code start} on; the file stays the caller's. */
  public Squashfs(FileChannel file, long start, long size) throws IOException {
    Slice whole = new Slice(file, start, size);
    superblock = Superblock.read(whole);
    Slice image = new Slice(file, start, superblock.size());
    this.size = superblock.size();
    Metadata metadata = new Metadata(image, superblock.codec());
    inodes = new Inodes(superblock, metadata);
    listings = new Listings(superblock, metadata);
    ids = new Table(image, metadata, "id table", superblock.idTable(), OWNER, superblock.ids());
    xattrs = new Xattrs(image, superblock, metadata);
    blocks = new Blocks(image, superblock, metadata);
  }

  /** Whether these bytes begin a squashfs. */
  public static boolean begins(byte[] head) {
    return head.length >= 4 && head[0] == 'h' && head[1] == 's' && head[2] == 'q' && head[3] == 's';
  }

  /** When it was made, in seconds of Unix. */
  public long made() {
    return superblock.made();
  }

  /** Bytes of the file system. */
  public long size() {
    return size;
  }

  /** Name of the compression: {@code gzip}, {@code zstd} … */
  public String compression() {
    return superblock.codec().name().toLowerCase(java.util.Locale.ROOT);
  }

  /**
   * The content of a regular file, whose path is relative to the root, without following links.
   * Empty: there is no such file. At most {@code most} bytes; more is a failure.
   */
  public Optional<byte[]> content(String path, int most) throws IOException {
    Optional<Inode> found = find(path).filter(inode -> inode.type() == Entry.Type.FILE);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    if (found.get().size() > most) {
      throw new SquashfsException(path + " has more than " + most + " bytes");
    }
    byte[] all = new byte[(int) found.get().size()];
    try (FileData data = data(found.get())) {
      for (Entry.Extent extent : data.extents()) {
        ByteBuffer part = ByteBuffer.wrap(all, (int) extent.offset(), (int) extent.length());
        while (part.hasRemaining() && data.read(part) >= 0) {
          // on and on
        }
      }
    }
    return Optional.of(all);
  }

  /** Bytes of a regular file; empty: there is no such file. */
  public Optional<Long> size(String path) throws IOException {
    return find(path).filter(inode -> inode.type() == Entry.Type.FILE).map(Inode::size);
  }

  /** What is at a path, without following links; empty: nothing. */
  public Optional<Entry.Type> type(String path) throws IOException {
    return find(path).map(Inode::type);
  }

  /** Where a link leads to; empty: there is no such link. */
  public Optional<String> link(String path) throws IOException {
    return find(path)
        .filter(inode -> inode.type() == Entry.Type.SYMLINK)
        .map(inode -> new String(inode.target(), StandardCharsets.UTF_8));
  }

  /** Whether there is anything of that name. */
  public boolean has(String path) throws IOException {
    return find(path).isPresent();
  }

  /** The names in a directory; none if it is not there. */
  public List<String> names(String path) throws IOException {
    Optional<Inode> found = find(path).filter(inode -> inode.type() == Entry.Type.DIRECTORY);
    if (found.isEmpty()) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    Listings.Walk walk = walk(found.get());
    for (Optional<Listings.Named> next = walk.next(); next.isPresent(); next = walk.next()) {
      names.add(new String(next.get().name(), StandardCharsets.UTF_8));
    }
    return names;
  }

  private Optional<Inode> find(String path) throws IOException {
    Inode at = root();
    for (String name : path.split("/", -1)) {
      if (at.type() != Entry.Type.DIRECTORY) {
        return Optional.empty();
      }
      byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
      Listings.Walk walk = walk(at);
      Optional<Listings.Named> next = walk.next();
      while (next.isPresent() && !Arrays.equals(next.get().name(), wanted)) {
        next = walk.next();
      }
      if (next.isEmpty()) {
        return Optional.empty();
      }
      at = inodes.read(next.get().inode());
    }
    return Optional.of(at);
  }

  Inode root() throws IOException {
    Inode root = inodes.read(superblock.root());
    if (root.type() != Entry.Type.DIRECTORY) {
      throw SquashfsException.at(32, "root inode", "it is no directory");
    }
    return root;
  }

  Inode inode(long reference) throws IOException {
    return inodes.read(reference);
  }

  Listings.Walk walk(Inode directory) {
    return listings.walk(directory.listing());
  }

  long id(int index) throws IOException {
    return ids.at(index).u32();
  }

  Xattrs xattrs() {
    return xattrs;
  }

  FileData data(Inode file) {
    return new FileData(blocks, file, superblock.blockSize());
  }

  int ahead() {
    return blocks.ahead();
  }

  @Override
  public void close() {
    blocks.close();
  }
}
