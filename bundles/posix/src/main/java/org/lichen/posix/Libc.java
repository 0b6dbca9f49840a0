package org.lichen.posix;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;

/**
 * The C library, mapped directly. A result of -1 leaves errno in {@link Native#getLastError()}.
 * Variadic functions (syscall, openat, fcntl, ioctl) may be called like this on both machines that
 * Lichen runs on: Linux passes integer arguments alike there.
 */
final class Libc {
  private Libc() {}

  static {
    Native.register(Libc.class, NativeLibrary.getProcess());
  }

  static native int getuid();

  static native int getgid();

  static native int close(int fd);

  static native long read(int fd, ByteBuffer to, long bytes);

  static native long write(int fd, ByteBuffer from, long bytes);

  static native int openat(int dir, byte[] path, int flags, int mode);

  static native int mkdirat(int dir, byte[] path, int mode);

  static native int symlinkat(byte[] target, int dir, byte[] path);

  static native int linkat(int fromDir, byte[] from, int dir, byte[] path, int flags);

  static native int unlinkat(int dir, byte[] path, int flags);

  static native int renameat(int fromDir, byte[] from, int dir, byte[] path);

  static native long readlinkat(int dir, byte[] path, ByteBuffer to, long bytes);

  static native int fchmodat(int dir, byte[] path, int mode, int flags);

  static native int fchmod(int fd, int mode);

  static native int utimensat(int dir, byte[] path, ByteBuffer times, int flags);

  static native int futimens(int fd, ByteBuffer times);

  static native int ftruncate(int fd, long length);

  static native long lseek(int fd, long offset, int whence);

  static native int fsync(int fd);

  static native int syncfs(int fd);

  static native int flock(int fd, int operation);

  static native int fcntl(int fd, int command, ByteBuffer argument);

  static native int ioctl(int fd, long request, long argument);

  static native int fstatfs(int fd, ByteBuffer to);

  static native int fsetxattr(int fd, byte[] name, byte[] value, long size, int flags);

  static native long fgetxattr(int fd, byte[] name, ByteBuffer to, long size);

  static native long flistxattr(int fd, ByteBuffer to, long size);

  static native int fremovexattr(int fd, byte[] name);

  static native int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

  static native long lgetxattr(byte[] path, byte[] name, ByteBuffer to, long size);

  static native long llistxattr(byte[] path, ByteBuffer to, long size);

  static native long syscall(long number, long a, ByteBuffer b, long c);

  static native long syscall(long number, long a, byte[] b, ByteBuffer c, long d);

  static native long syscall(long number, long a, byte[] b, long c, long d);

  static native long syscall(long number, long a, byte[] b, long c, byte[] d, long e);

  static native long syscall(long number, long a, long b, long c, long d, long e, long f);
}
