package org.lichen.posix;

import java.util.Map;
import org.lichen.api.ContainerException;

/** The error numbers of Linux, and what they mean to a user. */
public final class Errno {
  private Errno() {}

  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int E2BIG = 7;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int ETXTBSY = 26;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EMLINK = 31;
  public static final int ERANGE = 34;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int ENODATA = 61;
  public static final int EOPNOTSUPP = 95;
  public static final int ESTALE = 116;
  public static final int EDQUOT = 122;

  private record Meaning(String name, String truth, String hint) {}

  private static final String ROOM = "free some space, or keep Lichen's data elsewhere: --home DIR";

  private static final Map<Integer, Meaning> MEANINGS =
      Map.ofEntries(
          of(EPERM, "EPERM", "operation not permitted", ""),
          of(ENOENT, "ENOENT", "no such file or directory", ""),
          of(EINTR, "EINTR", "interrupted", ""),
          of(EIO, "EIO", "the disk reports an input/output error", "see the kernel log: dmesg"),
          of(ENXIO, "ENXIO", "no such device", ""),
          of(E2BIG, "E2BIG", "too long", ""),
          of(EBADF, "EBADF", "descriptor is closed", ""),
          of(EAGAIN, "EAGAIN", "temporarily unavailable", ""),
          of(ENOMEM, "ENOMEM", "the kernel has no memory left", ""),
          of(EACCES, "EACCES", "permission denied", ""),
          of(EBUSY, "EBUSY", "in use", ""),
          of(EEXIST, "EEXIST", "exists already", ""),
          of(EXDEV, "EXDEV", "lies on another file system", ""),
          of(ENODEV, "ENODEV", "no such device", ""),
          of(ENOTDIR, "ENOTDIR", "not a directory", ""),
          of(EISDIR, "EISDIR", "is a directory", ""),
          of(EINVAL, "EINVAL", "the kernel does not accept the arguments", ""),
          of(ENFILE, "ENFILE", "the machine has too many open files", ""),
          of(EMFILE, "EMFILE", "too many open files", "raise the limit: ulimit -n"),
          of(ENOTTY, "ENOTTY", "not possible on this file", ""),
          of(ETXTBSY, "ETXTBSY", "is being executed", ""),
          of(EFBIG, "EFBIG", "larger than the file system or ulimit -f allows", ""),
          of(ENOSPC, "ENOSPC", "no space left on the file system", ROOM),
          of(EROFS, "EROFS", "the file system is read-only", ROOM),
          of(EMLINK, "EMLINK", "too many hard links", ""),
          of(ERANGE, "ERANGE", "result too large", ""),
          of(ENAMETOOLONG, "ENAMETOOLONG", "file name too long", ""),
          of(ENOSYS, "ENOSYS", "this kernel does not know the call", ""),
          of(ENOTEMPTY, "ENOTEMPTY", "directory not empty", ""),
          of(ELOOP, "ELOOP", "a symbolic link, or too many of them", ""),
          of(ENODATA, "ENODATA", "no such extended attribute", ""),
          of(EOPNOTSUPP, "EOPNOTSUPP", "the file system does not support it", ""),
          of(ESTALE, "ESTALE", "the network file system lost the file", ""),
          of(EDQUOT, "EDQUOT", "no space left: your disk quota is used up", ROOM));

  private static Map.Entry<Integer, Meaning> of(int n, String name, String truth, String hint) {
    return Map.entry(n, new Meaning(name, truth, hint));
  }

  private static Meaning meaning(int errno) {
    return MEANINGS.getOrDefault(errno, new Meaning("errno " + errno, "errno " + errno, ""));
  }

  /** {@code ENOSPC}. */
  public static String name(int errno) {
    return meaning(errno).name();
  }

  /** What it means, completing "WHAT (which): …". */
  public static String truth(int errno) {
    return meaning(errno).truth();
  }

  /** What the user can do, or the empty string. */
  public static String hint(int errno) {
    return meaning(errno).hint();
  }

  /** The failure as a user should see it: {@code what (which): why}. */
  static ContainerException told(int errno, String what, Throwable cause) {
    return new ContainerException(
        ContainerException.Kind.HOST, what + ": " + truth(errno), hint(errno), cause);
  }
}
