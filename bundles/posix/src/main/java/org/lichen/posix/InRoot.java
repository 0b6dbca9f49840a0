package org.lichen.posix;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Opens directories by paths that nobody trusts, as if {@code root} were {@code /}: an absolute
 * path, an absolute symbolic link and {@code ..} all end in it. By openat2(2), or by a walk of our
 * own where the kernel is older than 5.6 or a filter refuses the call.
 */
public final class InRoot {
  private static final int MAX_LINKS = 40;
  private static volatile boolean kernelKnows = true;

  private final Directory root;
  private final boolean walk;

  public InRoot(Directory root) {
    this(root, false);
  }

  /** With {@code walk} never by openat2. */
  public InRoot(Directory root, boolean walk) {
    this.root = root;
    this.walk = walk;
  }

  /** Opens an existing directory; symbolic links are followed, in the root. */
  public Directory open(byte[] path) throws PosixException {
    if (!walk && kernelKnows) {
      ByteBuffer how = Scratch.buffer().order(ByteOrder.nativeOrder());
      how.putLong(0, Linux.O_RDONLY | Linux.O_DIRECTORY | Linux.O_CLOEXEC);
      how.putLong(8, 0);
      how.putLong(16, Linux.RESOLVE_IN_ROOT | Linux.RESOLVE_NO_MAGICLINKS);
      byte[] z = path.length == 0 ? new byte[] {'.', 0} : Bytes.z(path);
      long fd = Libc.syscall(Linux.SYS_openat2, root.number(), z, how, 24L);
      if (fd >= 0) {
        return new Directory((int) fd, path);
      }
      int errno = Native.getLastError();
      // EPERM: filters that do not know the call answer so (old Docker and systemd profiles).
      // EAGAIN: something was renamed meanwhile, and the kernel gave up on "..".
      if (errno == Errno.ENOSYS || errno == Errno.EPERM) {
        kernelKnows = false;
      } else if (errno != Errno.EAGAIN) {
        throw new PosixException(errno, "open", Bytes.shown(path));
      }
    }
    return walk(path, Missing.REFUSE);
  }

  /** What to do where a path has no directory yet. */
  @FunctionalInterface
  public interface Missing {
    Missing REFUSE =
        (parent, name) -> {
          throw new PosixException(Errno.ENOENT, "open", Bytes.shown(name));
        };

    /** Makes directory {@code name} in {@code parent}, or fails. */
    void make(Directory parent, byte[] name) throws PosixException;
  }

  /** Opens a directory, component by component, and lets {@code missing} make what is not there. */
  public Directory walk(byte[] path, Missing missing) throws PosixException {
    Deque<Directory> at = new ArrayDeque<>();
    Deque<byte[]> todo = new ArrayDeque<>();
    push(todo, path);
    at.push(root.directory(new byte[] {'.'}));
    try {
      int links = 0;
      while (!todo.isEmpty()) {
        byte[] name = todo.pop();
        if (Arrays.equals(name, new byte[] {'.', '.'})) {
          if (at.size() > 1) {
            at.pop().close();
          }
          continue;
        }
        var status = at.element().find(name);
        if (status.isEmpty()) {
          missing.make(at.element(), name);
        } else if (status.get().symlink()) {
          if (++links > MAX_LINKS) {
            throw new PosixException(Errno.ELOOP, "open", Bytes.shown(path));
          }
          byte[] target = at.element().linkTarget(name);
          if (target.length > 0 && target[0] == '/') {
            while (at.size() > 1) {
              at.pop().close();
            }
          }
          push(todo, target);
          continue;
        }
        at.push(at.element().directory(name));
      }
      return at.pop();
    } finally {
      at.forEach(Directory::close);
    }
  }

  private static void push(Deque<byte[]> todo, byte[] path) {
    int end = path.length;
    for (int i = path.length - 1; i >= -1; i--) {
      if (i < 0 || path[i] == '/') {
        byte[] name = Arrays.copyOfRange(path, i + 1, end);
        if (name.length > 0 && !Arrays.equals(name, new byte[] {'.'})) {
          todo.push(name);
        }
        end = i;
      }
    }
  }
}
