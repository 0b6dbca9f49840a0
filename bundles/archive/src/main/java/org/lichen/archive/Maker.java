package org.lichen.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Directory;
import org.lichen.posix.Errno;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;

/** Makes one file as it is to lie on disk; its content is on its way there when this returns. */
final class Maker {
  private static final int NEW = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;

  private final Writers writers;

  Maker(Writers writers) {
    this.writers = writers;
  }

  /** Fails with EEXIST if something has the name. A directory is left to {@link #finish}. */
  void make(Entry entry, Directory in, byte[] name, Optional<HardLink> link) throws IOException {
    switch (entry.type()) {
      case FILE -> file(entry, in, name);
      case DIRECTORY -> in.makeDirectory(name, 0700);
      case SYMLINK -> symlink(entry, in, name);
      case HARDLINK -> {
        HardLink target = link.orElseThrow();
        in.makeLink(target.directory(), target.name(), name);
      }
      case FIFO -> node(entry, in, name, Linux.S_IFIFO);
      case SOCKET -> node(entry, in, name, Linux.S_IFSOCK);
      case CHARACTER_DEVICE, BLOCK_DEVICE -> {
        // Making a device needs rights, and 0:0 would be a whiteout.
        try (Descriptor placeholder = in.file(name, NEW, 0600)) {
          placeholder.chmod(diskMode(entry));
          placeholder.touch(entry.modified());
        }
      }
    }
  }

  /** Gives a directory its mode and attributes; its time comes later. */
  void finish(Directory directory, Entry entry) throws IOException {
    attributes(directory, entry.xattrs());
    directory.chmod(diskMode(entry));
  }

  /** The owner can manage everything; the sticky bit of a directory does no harm. */
  private static int diskMode(Entry entry) {
    return entry.type() == Entry.Type.DIRECTORY
        ? (entry.mode() & 01777) | 0700
        : (entry.mode() & 0777) | 0600;
  }

  private static void symlink(Entry entry, Directory in, byte[] name) throws IOException {
    byte[] target = entry.link();
    for (byte b : target) {
      if (b == 0) {
        throw ArchiveException.entry(entry.path(), "has a NUL in its link");
      }
    }
    if (target.length == 0) {
      throw ArchiveException.entry(entry.path(), "is a symbolic link to nothing");
    }
    in.makeSymlink(target, name);
    in.touch(name, entry.modified());
  }

  private static void node(Entry entry, Directory in, byte[] name, int type) throws IOException {
    in.makeNode(name, type | 0600, 0);
    in.chmod(name, diskMode(entry));
    in.touch(name, entry.modified());
  }

  private void file(Entry entry, Directory in, byte[] name) throws IOException {
    Map<String, byte[]> xattrs = entry.xattrs();
    int mode = diskMode(entry);
    Instant modified = entry.modified();
    Descriptor file = in.file(name, NEW, 0600);
    Writers.Target to = writers.begin(file, entry.path());
    boolean whole = false;
    try {
      content(entry, to);
      whole = true;
    } finally {
      if (!whole) {
        to.abandon();
      }
    }
    to.end(
        () -> {
          attributes(file, xattrs);
          file.chmod(mode);
          file.touch(modified);
        });
  }

  private void content(Entry entry, Writers.Target to) throws IOException {
    ReadableByteChannel from = entry.content();
    long at = 0;
    for (Entry.Extent extent : entry.extents()) {
      if (extent.offset() < at
          || extent.length() < 0
          || extent.offset() > entry.size() - extent.length()) {
        throw ArchiveException.entry(entry.path(), "has holes that cannot be");
      }
      if (extent.offset() > at) {
        to.position(extent.offset());
      }
      copy(entry, from, to, extent.length());
      at = extent.offset() + extent.length();
    }
    if (at < entry.size()) {
      to.truncate(entry.size());
    }
  }

  private void copy(Entry entry, ReadableByteChannel from, Writers.Target to, long length)
      throws IOException {
    long left = length;
    while (left > 0) {
      ByteBuffer buffer = writers.buffer();
      boolean full = false;
      try {
        buffer.limit((int) Math.min(buffer.capacity(), left));
        while (buffer.hasRemaining()) {
          if (from.read(buffer) < 0) {
            throw ArchiveException.entry(
                entry.path(), "is cut off: it says " + entry.size() + " bytes and has fewer");
          }
        }
        full = true;
      } finally {
        if (!full) {
          writers.back(buffer);
        }
      }
      left -= buffer.position();
      to.write(buffer);
    }
  }

  /** What the disk does not take is in the index all the same. */
  private static void attributes(Descriptor file, Map<String, byte[]> xattrs) throws IOException {
    for (Map.Entry<String, byte[]> one : xattrs.entrySet()) {
      String key = one.getKey();
      if (key.startsWith("user.")
          && !key.startsWith("user.overlay.")
          && !key.startsWith("user.lichen.")) {
        try {
          file.setAttribute(key, one.getValue());
        } catch (PosixException e) {
          switch (e.errno()) {
            // ENOSPC: ext4 has one block for all attributes of a file, and says so when it is full.
            case Errno.EOPNOTSUPP, Errno.ENOSPC, Errno.E2BIG, Errno.ERANGE, Errno.EPERM -> {}
            default -> throw e;
          }
        }
      }
    }
  }
}
