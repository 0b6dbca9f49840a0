package org.lichen.posix;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Removes whole trees of files that belong to the caller, whatever their modes. */
public final class Trees {
  private static final byte[] UP = {'.', '.'};

  private Trees() {}

  /** Removes a file or a directory with all that is in it; nothing if it is not there. */
  public static void remove(Path path) throws PosixException {
    Path absolute = path.toAbsolutePath();
    Path parent = absolute.getParent();
    Path name = absolute.getFileName();
    if (parent == null || name == null) {
      throw new PosixException(Errno.EBUSY, "remove", absolute.toString());
    }
    try (Directory in = Directory.open(parent)) {
      remove(in, Bytes.of(name));
    } catch (PosixException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  /** A directory on the way down; {@code todo}: its directories that are left to be removed. */
  private record Level(byte[] name, FileStatus parent, Deque<byte[]> todo) {}

  /**
   * Removes {@code name} in a directory. Two descriptors at most, however deep the tree: the way
   * back is {@code ..}, compared with where it came from. What appears meanwhile is removed, too.
   */
  public static void remove(Directory in, byte[] name) throws PosixException {
    var found = in.find(name);
    if (found.isEmpty()) {
      return;
    }
    if (!found.get().directory()) {
      in.removeFile(name);
      return;
    }
    Deque<Level> path = new ArrayDeque<>();
    Directory at = in.directory(new byte[] {'.'});
    try {
      at = descend(at, name, path);
      while (!path.isEmpty()) {
        Level level = path.element();
        if (!level.todo().isEmpty()) {
          at = descend(at, level.todo().pop(), path);
          continue;
        }
        Directory up = at.directory(UP);
        at.close();
        at = up;
        path.pop();
        if (!at.status().sameFile(level.parent())) {
          throw new PosixException(Errno.ESTALE, "remove", Bytes.shown(level.name()));
        }
        if (!removed(at, level.name())) {
          at = descend(at, level.name(), path);
        }
      }
    } finally {
      at.close();
    }
  }

  /** False if something appeared in it. */
  private static boolean removed(Directory in, byte[] name) throws PosixException {
    try {
      in.removeDirectory(name);
      return true;
    } catch (PosixException e) {
      if (e.errno() == Errno.ENOTEMPTY || e.errno() == Errno.EEXIST) {
        return false;
      }
      if (e.errno() == Errno.ENOENT) {
        return true;
      }
      throw e;
    }
  }

  private static Directory descend(Directory at, byte[] name, Deque<Level> path)
      throws PosixException {
    Directory child = opened(at, name);
    try {
      path.push(new Level(name, at.status(), clear(child)));
      at.close();
      return child;
    } catch (PosixException e) {
      child.close();
      throw e;
    }
  }

  private static Directory opened(Directory at, byte[] name) throws PosixException {
    FileStatus status = at.status(name);
    if ((status.mode() & 0700) != 0700) {
      at.chmod(name, 0700);
    }
    return at.directory(name);
  }

  /** Removes everything but directories; returns those. */
  private static Deque<byte[]> clear(Directory at) throws PosixException {
    Deque<byte[]> directories = new ArrayDeque<>();
    for (byte[] name : at.list()) {
      try {
        at.removeFile(name);
      } catch (PosixException e) {
        if (e.errno() == Errno.EISDIR || (e.errno() == Errno.EPERM && isDirectory(at, name))) {
          directories.add(name);
        } else if (e.errno() != Errno.ENOENT) {
          throw e;
        }
      }
    }
    return directories;
  }

  private static boolean isDirectory(Directory at, byte[] name) throws PosixException {
    return at.find(name).map(FileStatus::directory).orElse(false);
  }
}
