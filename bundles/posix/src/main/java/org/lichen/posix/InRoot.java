package org.lichen.posix;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Opens directories by paths that nobody trusts, as if {@code root} were {@code /}: an absolute
 * path, an absolute symbolic link and {@code ..} all end in it. By openat2(2), or by a walk of our
 * own where the kernel is older than 5.6 or a filter refuses the call.
 */
public final class InRoot {
  private static final int MAX_LINKS = 40;
  private static volatile boolean kernelKnows = true;

  private final Directory root;
  private final boolean onlyWalk;

  public InRoot(Directory root) {
    this(root, false);
  }

  /** With {@code onlyWalk} never by openat2. */
  public InRoot(Directory root, boolean onlyWalk) {
    this.root = root;
    this.onlyWalk = onlyWalk;
  }

  /** A directory and the names that lead to it from the root, with no symbolic link on the way. */
  public record Found(Directory directory, List<byte[]> names) {}

  /** What to do where a path has no directory yet, or a whiteout. */
  @FunctionalInterface
  public interface Missing {
    Missing REFUSE =
        (parent, names) -> {
          throw new PosixException(Errno.ENOENT, "open", Bytes.shown(last(names)));
        };

    /** Makes the directory that {@code names} lead to in {@code parent}, or fails. */
    void make(Directory parent, List<byte[]> names) throws IOException;
  }

  /** Opens an existing directory; symbolic links are followed, in the root. */
  public Directory open(byte[] path) throws IOException {
    Optional<Directory> found = kernel(path, 0);
    return found.isPresent() ? found.get() : walk(path, Missing.REFUSE).directory();
  }

  /** Opens a directory and says where it is; {@code missing} makes what is not there. */
  public Found find(byte[] path, Missing missing) throws IOException {
    Optional<Directory> found = Optional.empty();
    try {
      found = kernel(path, Linux.RESOLVE_NO_SYMLINKS);
    } catch (PosixException e) {
      if (e.errno() != Errno.ELOOP && e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
        throw e;
      }
    }
    return found.isPresent() && !dotted(path)
        ? new Found(found.get(), names(path))
        : walk(path, missing);
  }

  /** Empty where the walk must do it. */
  private Optional<Directory> kernel(byte[] path, long resolve) throws PosixException {
    if (onlyWalk || !kernelKnows) {
      return Optional.empty();
    }
    // struct open_how: flags, mode, resolve; 8 bytes each
    ByteBuffer how = Scratch.buffer();
    how.putLong(0, Linux.O_RDONLY | Linux.O_DIRECTORY | Linux.O_CLOEXEC).putLong(8, 0);
    how.putLong(16, Linux.RESOLVE_IN_ROOT | Linux.RESOLVE_NO_MAGICLINKS | resolve);
    byte[] z = path.length == 0 ? new byte[] {'.', 0} : Bytes.z(path);
    long fd = Libc.syscall(Linux.SYS_openat2, root.number(), z, how, 24L);
    if (fd >= 0) {
      return Optional.of(new Directory((int) fd, path));
    }
    int errno = Native.getLastError();
    switch (errno) {
      // EPERM: filters that do not know the call answer so (old profiles of Docker and systemd).
      case Errno.ENOSYS, Errno.EPERM -> kernelKnows = false;
      case Errno.EAGAIN -> {} // something was renamed meanwhile, and the kernel gave up on ".."
      default -> throw new PosixException(errno, "open", Bytes.shown(path));
    }
    return Optional.empty();
  }

  private Found walk(byte[] path, Missing missing) throws IOException {
    Deque<Directory> at = new ArrayDeque<>();
    List<byte[]> names = new ArrayList<>();
    Deque<byte[]> todo = new ArrayDeque<>(names(path));
    at.push(root.directory(new byte[] {'.'}));
    try {
      int links = 0;
      while (!todo.isEmpty()) {
        byte[] name = todo.pop();
        if (dots(name)) {
          up(at, names, 1);
          continue;
        }
        Optional<FileStatus> status = at.element().find(name);
        if (status.map(FileStatus::symlink).orElse(false)) {
          if (++links > MAX_LINKS) {
            throw new PosixException(Errno.ELOOP, "open", Bytes.shown(path));
          }
          byte[] target = at.element().linkTarget(name);
          if (target.length > 0 && target[0] == '/') {
            up(at, names, names.size());
          }
          List<byte[]> more = names(target);
          for (int i = more.size(); i > 0; i--) {
            todo.push(more.get(i - 1));
          }
          continue;
        }
        names.add(name);
        if (status.map(FileStatus::whiteout).orElse(true)) {
          missing.make(at.element(), List.copyOf(names));
        }
        at.push(at.element().directory(name));
      }
      return new Found(at.pop(), List.copyOf(names));
    } finally {
      at.forEach(Directory::close);
    }
  }

  private static void up(Deque<Directory> at, List<byte[]> names, int levels) {
    for (int i = 0; i < levels && !names.isEmpty(); i++) {
      at.pop().close();
      names.remove(names.size() - 1);
    }
  }

  private static boolean dots(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  private static boolean dotted(byte[] path) {
    return names(path).stream().anyMatch(InRoot::dots);
  }

  /** The components of a path, without those that are empty or {@code .}. */
  private static List<byte[]> names(byte[] path) {
    List<byte[]> names = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        byte[] name = Arrays.copyOfRange(path, from, i);
        if (name.length > 1 || (name.length == 1 && name[0] != '.')) {
          names.add(name);
        }
        from = i + 1;
      }
    }
    return names;
  }

  private static byte[] last(List<byte[]> names) {
    return names.get(names.size() - 1);
  }
}
