package org.lichen.posix;

/** Who this process is. */
public final class Caller {
  private Caller() {}

  public static int uid() {
    return Libc.getuid();
  }

  public static int gid() {
    return Libc.getgid();
  }
}
