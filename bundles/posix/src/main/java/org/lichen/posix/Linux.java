package org.lichen.posix;

/** Numbers of the kernel's interface that callers pass in. Those that differ by machine do so. */
public final class Linux {
  private Linux() {}

  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_TRUNC = 01000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_CLOEXEC = 02000000;
  public static final int O_PATH = 010000000;
  public static final int O_DIRECTORY = ARM ? 040000 : 0200000;
  public static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;

  public static final int RENAME_NOREPLACE = 1;
  public static final int RENAME_EXCHANGE = 2;

  /** File types of {@link FileStatus#mode()}. */
  public static final int S_IFMT = 0170000;

  public static final int S_IFIFO = 0010000;
  public static final int S_IFCHR = 0020000;
  public static final int S_IFDIR = 0040000;
  public static final int S_IFBLK = 0060000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFSOCK = 0140000;

  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_EMPTY_PATH = 0x1000;

  static final long RESOLVE_NO_MAGICLINKS = 0x02;
  static final long RESOLVE_NO_SYMLINKS = 0x04;
  static final long RESOLVE_IN_ROOT = 0x10;

  /** {@code _IOW(0x94, 9, int)}, linux/fs.h. */
  static final long FICLONE = 0x40049409L;

  // System calls that the oldest supported C library (glibc 2.17) has no function for.
  static final long SYS_getdents64 = ARM ? 61 : 217;
  static final long SYS_newfstatat = ARM ? 79 : 262;
  static final long SYS_mknodat = ARM ? 33 : 259;
  static final long SYS_renameat2 = ARM ? 276 : 316;
  static final long SYS_copy_file_range = ARM ? 285 : 326;
  static final long SYS_openat2 = 437;

  /** Offsets in struct stat (asm/stat.h); those not named here are the same on both machines. */
  static final int STAT_NLINK = ARM ? 20 : 16;

  static final int STAT_MODE = ARM ? 16 : 24;
  static final int STAT_UID = ARM ? 24 : 28;
  static final int STAT_GID = ARM ? 28 : 32;
  static final int STAT_RDEV = ARM ? 32 : 40;
  static final boolean STAT_NLINK_IS_INT = ARM;
}
