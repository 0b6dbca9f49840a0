package org.lichen.posix;

import java.nio.ByteBuffer;
import java.time.Instant;

/** What stat(2) tells. {@code mode} includes the file type; {@code blocks} are of 512 bytes. */
public record FileStatus(
    long device,
    long inode,
    long links,
    int mode,
    int uid,
    int gid,
    long rdev,
    long size,
    long blocks,
    Instant modified) {

  static FileStatus read(ByteBuffer stat) {
    return new FileStatus(
        stat.getLong(0),
        stat.getLong(8),
        Linux.STAT_NLINK_IS_INT ? stat.getInt(Linux.STAT_NLINK) : stat.getLong(Linux.STAT_NLINK),
        stat.getInt(Linux.STAT_MODE),
        stat.getInt(Linux.STAT_UID),
        stat.getInt(Linux.STAT_GID),
        stat.getLong(Linux.STAT_RDEV),
        stat.getLong(48),
        stat.getLong(64),
        Instant.ofEpochSecond(stat.getLong(88), stat.getLong(96)));
  }

  /** One of {@code Linux.S_IF…}. */
  public int type() {
    return mode & Linux.S_IFMT;
  }

  /** Without the type. */
  public int permissions() {
    return mode & 07777;
  }

  public boolean directory() {
    return type() == Linux.S_IFDIR;
  }

  public boolean regular() {
    return type() == Linux.S_IFREG;
  }

  public boolean symlink() {
    return type() == Linux.S_IFLNK;
  }

  /** Whether it is overlayfs's mark of an absent file: a character device 0:0. */
  public boolean whiteout() {
    return type() == Linux.S_IFCHR && rdev == 0;
  }

  public boolean sameFile(FileStatus other) {
    return device == other.device && inode == other.inode;
  }
}
