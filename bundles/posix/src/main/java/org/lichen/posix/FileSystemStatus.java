package org.lichen.posix;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** What statfs(2) tells about the file system of a path. Sizes in bytes. */
public record FileSystemStatus(long type, long total, long available) {
  public static final long NFS = 0x6969;
  public static final long TMPFS = 0x01021994;
  public static final long OVERLAY = 0x794c7630;

  /** Asks the file system that {@code path} lies on. */
  public static FileSystemStatus of(Path path) throws PosixException {
    try (Descriptor open = Descriptor.open(path, Linux.O_RDONLY, 0)) {
      ByteBuffer statfs = Scratch.buffer();
      open.check(Libc.fstatfs(open.number(), statfs), "ask the file system of");
      // struct statfs: type, block size, blocks, free, available; 8 bytes each
      long block = statfs.getLong(8);
      return new FileSystemStatus(
          statfs.getLong(0), statfs.getLong(16) * block, statfs.getLong(32) * block);
    }
  }
}
