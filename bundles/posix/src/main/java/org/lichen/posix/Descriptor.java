package org.lichen.posix;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** An open file, close-on-exec. Not thread-safe, but for {@link #close()}. */
public class Descriptor implements SeekableByteChannel {
  private static final byte[] EMPTY = {0};
  private final byte[] name;
  private volatile int number;

  Descriptor(int number, byte[] name) {
    this.number = number;
    this.name = name.clone();
  }

  /**
   * Opens a path of the host; {@code flags} of {@link Linux}, {@code mode} subject to the umask.
   */
  public static Descriptor open(Path path, int flags, int mode) throws PosixException {
    byte[] bytes = Bytes.of(path);
    return new Descriptor(opened(Linux.AT_FDCWD, bytes, flags, mode), bytes);
  }

  static int opened(int dir, byte[] path, int flags, int mode) throws PosixException {
    byte[] z = Bytes.z(path);
    while (true) {
      int fd = Libc.openat(dir, z, flags | Linux.O_CLOEXEC, mode);
      if (fd >= 0) {
        return fd;
      }
      if (Native.getLastError() != Errno.EINTR) {
        throw PosixException.last("open", path);
      }
    }
  }

  /** The number, for as long as this is open. */
  public final int number() throws PosixException {
    int fd = number;
    if (fd < 0) {
      throw new PosixException(Errno.EBADF, "use", Bytes.shown(name));
    }
    return fd;
  }

  /** What it was opened as, for messages. */
  public final byte[] name() {
    return name.clone();
  }

  /** Reads into a direct buffer without a copy. */
  @Override
  public int read(ByteBuffer to) throws IOException {
    if (!to.hasRemaining()) {
      return 0;
    }
    ByteBuffer direct = to.isDirect() ? to.slice() : Scratch.buffer();
    long size = Math.min(to.remaining(), direct.remaining());
    long got = Libc.read(number(), direct, size);
    if (got < 0) {
      throw PosixException.last("read", name);
    }
    if (to.isDirect()) {
      to.position(to.position() + (int) got);
    } else {
      to.put(direct.limit((int) got));
    }
    return got == 0 ? -1 : (int) got;
  }

  /** Writes everything that remains; from a direct buffer without a copy. */
  @Override
  public int write(ByteBuffer from) throws IOException {
    int all = from.remaining();
    while (from.hasRemaining()) {
      ByteBuffer direct;
      if (from.isDirect()) {
        direct = from.slice();
      } else {
        direct = Scratch.buffer();
        int part = Math.min(direct.remaining(), from.remaining());
        direct.put(from.duplicate().limit(from.position() + part)).flip();
      }
      long put = Libc.write(number(), direct, direct.remaining());
      if (put < 0 && Native.getLastError() != Errno.EINTR) {
        throw PosixException.last("write", name);
      }
      from.position(from.position() + (int) Math.max(0, put));
    }
    return all;
  }

  @Override
  public final long position() throws IOException {
    return seek(0, 1);
  }

  @Override
  public final Descriptor position(long offset) throws IOException {
    seek(offset, 0);
    return this;
  }

  private long seek(long offset, int whence) throws PosixException {
    long at = Libc.lseek(number(), offset, whence);
    if (at < 0) {
      throw PosixException.last("seek in", name);
    }
    return at;
  }

  @Override
  public final long size() throws IOException {
    return status().size();
  }

  /** Makes the file exactly this long; what is added is a hole. */
  @Override
  public final Descriptor truncate(long length) throws IOException {
    check(Libc.ftruncate(number(), length), "resize");
    return this;
  }

  public final FileStatus status() throws PosixException {
    ByteBuffer stat = Scratch.buffer();
    long rc = Libc.syscall(Linux.SYS_newfstatat, number(), EMPTY, stat, Linux.AT_EMPTY_PATH);
    check((int) rc, "stat");
    return FileStatus.read(stat);
  }

  public final void chmod(int mode) throws PosixException {
    check(Libc.fchmod(number(), mode), "chmod");
  }

  /** Sets access and modification time. */
  public final void touch(Instant time) throws PosixException {
    check(Libc.futimens(number(), times(time)), "set the time of");
  }

  static ByteBuffer times(Instant time) {
    ByteBuffer times = Scratch.buffer();
    for (int i = 0; i < 2; i++) {
      times.putLong(time.getEpochSecond()).putLong(time.getNano());
    }
    return times.flip();
  }

  public final void setAttribute(String attribute, byte[] value) throws PosixException {
    byte[] key = Bytes.z(Bytes.of(attribute));
    check(Libc.fsetxattr(number(), key, value, value.length, 0), "set attribute of");
  }

  /** Empty if there is none. */
  public final Optional<byte[]> attribute(String attribute) throws PosixException {
    ByteBuffer value = Scratch.buffer();
    long size = Libc.fgetxattr(number(), Bytes.z(Bytes.of(attribute)), value, Scratch.SIZE);
    if (size < 0) {
      int errno = Native.getLastError();
      if (errno == Errno.ENODATA || errno == Errno.EOPNOTSUPP) {
        return Optional.empty();
      }
      throw PosixException.last("read attribute of", name);
    }
    byte[] bytes = new byte[(int) size];
    value.get(bytes);
    return Optional.of(bytes);
  }

  /** Names of the extended attributes; none where the file system has none. */
  public final List<String> attributes() throws PosixException {
    ByteBuffer names = Scratch.buffer();
    long size = Libc.flistxattr(number(), names, Scratch.SIZE);
    if (size < 0 && Native.getLastError() != Errno.EOPNOTSUPP) {
      throw PosixException.last("list attributes of", name);
    }
    byte[] bytes = new byte[(int) Math.max(0, size)];
    names.get(bytes);
    List<String> found = new ArrayList<>();
    for (int from = 0, i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        found.add(
            new String(
                Arrays.copyOfRange(bytes, from, i), java.nio.charset.StandardCharsets.UTF_8));
        from = i + 1;
      }
    }
    return found;
  }

  public final void removeAttribute(String attribute) throws PosixException {
    check(Libc.fremovexattr(number(), Bytes.z(Bytes.of(attribute))), "remove attribute of");
  }

  /** Shares the whole content of {@code source}; false where the file system cannot. */
  public final boolean cloneOf(Descriptor source) throws PosixException {
    return Libc.ioctl(number(), Linux.FICLONE, source.number()) == 0;
  }

  /** Waits until content and metadata are on disk. */
  public final void sync() throws PosixException {
    check(Libc.fsync(number()), "sync");
  }

  /** Waits until everything written to the file system is on disk. */
  public final void syncFileSystem() throws PosixException {
    check(Libc.syncfs(number()), "sync the file system of");
  }

  final void check(int result, String call) throws PosixException {
    if (result < 0) {
      throw PosixException.last(call, name);
    }
  }

  @Override
  public final boolean isOpen() {
    return number >= 0;
  }

  /** Idempotent. */
  @Override
  public final synchronized void close() {
    if (number >= 0) {
      Libc.close(number);
      number = -1;
    }
  }
}
