package org.lichen.posix;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An open directory. Names are single components unless said otherwise, and a symbolic link is
 * never followed: nothing done here can reach outside by a name.
 */
public final class Directory extends Descriptor {
  private static final int FLAGS = Linux.O_RDONLY | Linux.O_DIRECTORY;

  Directory(int number, byte[] name) {
    super(number, name);
  }

  /** Opens a directory of the host. */
  public static Directory open(Path path) throws PosixException {
    byte[] bytes = Bytes.of(path);
    return new Directory(opened(Linux.AT_FDCWD, bytes, FLAGS, 0), bytes);
  }

  public Directory directory(byte[] name) throws PosixException {
    return new Directory(opened(number(), name, FLAGS | Linux.O_NOFOLLOW, 0), name);
  }

  public Descriptor file(byte[] name, int flags, int mode) throws PosixException {
    return new Descriptor(opened(number(), name, flags | Linux.O_NOFOLLOW, mode), name);
  }

  /** Mode subject to the umask. */
  public void makeDirectory(byte[] name, int mode) throws PosixException {
    check(Libc.mkdirat(number(), Bytes.z(name), mode), "make directory", name);
  }

  /** Makes a fifo, socket or device; the type is part of {@code mode}. */
  public void makeNode(byte[] name, int mode, long device) throws PosixException {
    long rc = Libc.syscall(Linux.SYS_mknodat, number(), Bytes.z(name), (long) mode, device);
    check((int) rc, "make node", name);
  }

  public void makeSymlink(byte[] target, byte[] name) throws PosixException {
    check(Libc.symlinkat(Bytes.z(target), number(), Bytes.z(name)), "make link", name);
  }

  /** Gives a file of {@code from} a second name here; of a symbolic link, to the link itself. */
  public void makeLink(Directory from, byte[] existing, byte[] name) throws PosixException {
    int rc = Libc.linkat(from.number(), Bytes.z(existing), number(), Bytes.z(name), 0);
    check(rc, "make hard link", name);
  }

  public void removeFile(byte[] name) throws PosixException {
    check(Libc.unlinkat(number(), Bytes.z(name), 0), "remove", name);
  }

  /** An empty one. */
  public void removeDirectory(byte[] name) throws PosixException {
    check(Libc.unlinkat(number(), Bytes.z(name), Linux.AT_REMOVEDIR), "remove", name);
  }

  /** Moves a file; what had the new name is replaced. */
  public void rename(byte[] name, Directory to, byte[] newName) throws PosixException {
    int rc = Libc.renameat(number(), Bytes.z(name), to.number(), Bytes.z(newName));
    check(rc, "rename", name);
  }

  /** Moves a file with flags {@code Linux.RENAME_…}; ENOSYS or EINVAL where not supported. */
  public void rename(byte[] name, Directory to, byte[] newName, int flags) throws PosixException {
    long rc =
        Libc.syscall(
            Linux.SYS_renameat2, number(), Bytes.z(name), to.number(), Bytes.z(newName), flags);
    check((int) rc, "rename", name);
  }

  public byte[] linkTarget(byte[] name) throws PosixException {
    ByteBuffer target = Scratch.buffer();
    long size = Libc.readlinkat(number(), Bytes.z(name), target, Scratch.SIZE);
    check((int) size, "read link", name);
    byte[] bytes = new byte[(int) size];
    target.get(bytes);
    return bytes;
  }

  public FileStatus status(byte[] name) throws PosixException {
    ByteBuffer stat = Scratch.buffer();
    check((int) stat(name, stat), "stat", name);
    return FileStatus.read(stat);
  }

  /** Empty if there is no such file. */
  public Optional<FileStatus> find(byte[] name) throws PosixException {
    ByteBuffer stat = Scratch.buffer();
    if (stat(name, stat) == 0) {
      return Optional.of(FileStatus.read(stat));
    }
    if (Native.getLastError() == Errno.ENOENT) {
      return Optional.empty();
    }
    throw PosixException.last("stat", name);
  }

  private long stat(byte[] name, ByteBuffer to) throws PosixException {
    return Libc.syscall(
        Linux.SYS_newfstatat, number(), Bytes.z(name), to, (long) Linux.AT_SYMLINK_NOFOLLOW);
  }

  /** Of a file that is no symbolic link (a link has no mode, and is refused). */
  public void chmod(byte[] name, int mode) throws PosixException {
    if (status(name).symlink()) {
      throw new PosixException(Errno.ELOOP, "chmod", Bytes.shown(name));
    }
    // The system call has no flag not to follow; old C libraries refuse one. Hence the look before:
    // enough in a directory that only its owner can change.
    check(Libc.fchmodat(number(), Bytes.z(name), mode, 0), "chmod", name);
  }

  /** Sets access and modification time, of a symbolic link its own. */
  public void touch(byte[] name, Instant time) throws PosixException {
    int rc = Libc.utimensat(number(), Bytes.z(name), times(time), Linux.AT_SYMLINK_NOFOLLOW);
    check(rc, "set the time of", name);
  }

  /** The names in it, without {@code .} and {@code ..}, in no order. Reads from the beginning. */
  public List<byte[]> list() throws PosixException {
    List<byte[]> names = new ArrayList<>();
    check((int) Libc.lseek(number(), 0, 0), "list");
    while (true) {
      ByteBuffer entries = Scratch.buffer();
      long size = Libc.syscall(Linux.SYS_getdents64, number(), entries, (long) Scratch.SIZE);
      check((int) size, "list");
      if (size == 0) {
        return names;
      }
      // struct linux_dirent64: inode (8), offset (8), record length (2), type (1), name, NUL
      for (int at = 0; at < size; at += entries.getShort(at + 16) & 0xffff) {
        int end = at + 19;
        while (entries.get(end) != 0) {
          end++;
        }
        byte[] name = new byte[end - at - 19];
        entries.get(at + 19, name);
        if (!isDots(name)) {
          names.add(name);
        }
      }
    }
  }

  private static boolean isDots(byte[] name) {
    return Arrays.equals(name, new byte[] {'.'}) || Arrays.equals(name, new byte[] {'.', '.'});
  }

  private static void check(int result, String call, byte[] name) throws PosixException {
    if (result < 0) {
      throw PosixException.last(call, name);
    }
  }
}
