package org.lichen.posix;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A lock on a whole file, which lives as long as this object or the process. It belongs to an open
 * file description of its own (F_OFD_SETLK; flock(2) before Linux 3.15), so that threads of one JVM
 * exclude each other as processes do, and closing another descriptor of the file does not lose it,
 * as it would a POSIX lock. A lock file that was deleted while somebody waited is not mistaken for
 * the new one. Close-on-exec.
 */
public final class FileLock implements AutoCloseable {
  /** Many may share; one alone excludes all. */
  public enum Mode {
    SHARED(0, 1),
    EXCLUSIVE(1, 2);

    final short record; // F_RDLCK, F_WRLCK
    final int flock; // LOCK_SH, LOCK_EX

    Mode(int record, int flock) {
      this.record = (short) record;
      this.flock = flock;
    }
  }

  private static final short F_UNLCK = 2;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37;
  private static final int F_OFD_SETLKW = 38;
  private static final int LOCK_NB = 4;

  private final Path file;
  private final Descriptor open;

  private FileLock(Path file, Descriptor open) {
    this.file = file;
    this.open = open;
  }

  /** Waits until the lock can be had; the file is made, 0600, if it is not there. */
  public static FileLock acquire(Path file, Mode mode) throws PosixException {
    while (true) {
      Optional<FileLock> lock = attempt(file, mode, true);
      if (lock.isPresent()) {
        return lock.get();
      }
    }
  }

  /** Empty if somebody else has it. */
  public static Optional<FileLock> tryAcquire(Path file, Mode mode) throws PosixException {
    return attempt(file, mode, false);
  }

  private static Optional<FileLock> attempt(Path file, Mode mode, boolean wait)
      throws PosixException {
    Descriptor open = Descriptor.open(file, Linux.O_RDWR | Linux.O_CREAT, 0600);
    FileLock lock = new FileLock(file, open);
    boolean mine = false;
    try {
      mine = lock.set(mode, wait) && lock.stillThere();
      return mine ? Optional.of(lock) : Optional.empty();
    } finally {
      if (!mine) {
        open.close();
      }
    }
  }

  /** Whether anybody, this process included, holds the lock; false if there is no such file. */
  public static boolean held(Path file) throws PosixException {
    try (Descriptor open = Descriptor.open(file, Linux.O_RDONLY, 0)) {
      ByteBuffer query = flock(Mode.EXCLUSIVE.record);
      if (Libc.fcntl(open.number(), F_OFD_GETLK, query) == 0) {
        return query.getShort(0) != F_UNLCK;
      }
      if (Native.getLastError() != Errno.EINVAL) {
        throw PosixException.last("query lock of", Bytes.of(file));
      }
      return Libc.flock(open.number(), Mode.EXCLUSIVE.flock | LOCK_NB) != 0;
    } catch (PosixException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }

  /** Exclusive becomes shared, without a moment in between. */
  public void share() throws PosixException {
    set(Mode.SHARED, true);
  }

  /** Shared becomes exclusive if nobody else has it; otherwise nothing changes. */
  public boolean tryExclude() throws PosixException {
    return set(Mode.EXCLUSIVE, false);
  }

  private boolean set(Mode mode, boolean wait) throws PosixException {
    while (true) {
      int rc = Libc.fcntl(open.number(), wait ? F_OFD_SETLKW : F_OFD_SETLK, flock(mode.record));
      int errno = rc == 0 ? 0 : Native.getLastError();
      if (errno == Errno.EINVAL) {
        rc = Libc.flock(open.number(), mode.flock | (wait ? 0 : LOCK_NB));
        errno = rc == 0 ? 0 : Native.getLastError();
      }
      if (rc == 0) {
        return true;
      }
      if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
        return false;
      }
      if (errno != Errno.EINTR) {
        throw new PosixException(errno, "lock", file.toString());
      }
    }
  }

  /** struct flock: type (2), whence (2), start (8), length (8; 0: all), pid (4; must be 0). */
  private static ByteBuffer flock(short type) {
    ByteBuffer flock = Scratch.buffer();
    flock.putLong(0, 0).putLong(8, 0).putLong(16, 0).putLong(24, 0);
    return flock.putShort(0, type);
  }

  private boolean stillThere() throws PosixException {
    try (Descriptor now = Descriptor.open(file, Linux.O_RDONLY, 0)) {
      return now.status().sameFile(open.status());
    } catch (PosixException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }

  /** Deletes the lock file, held exclusively, and releases the lock. */
  public void delete() {
    Libc.unlinkat(Linux.AT_FDCWD, Bytes.z(Bytes.of(file)), 0);
    close();
  }

  /** Releases the lock. Idempotent. */
  @Override
  public void close() {
    open.close();
  }
}
