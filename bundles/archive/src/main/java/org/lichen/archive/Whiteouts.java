package org.lichen.archive;

import java.util.Locale;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;
import org.lichen.posix.FileStatus;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;
import org.lichen.posix.Trees;

/** How an unpacked layer says that something of the layers below is absent. */
public enum Whiteouts {
  /** A character device 0:0, and {@code user.overlay.opaque=y} on directories. */
  OVERLAY {
    @Override
    void hide(Directory parent, byte[] name) throws PosixException {
      parent.makeNode(name, Linux.S_IFCHR, 0);
    }

    @Override
    boolean reveal(Directory parent, byte[] name) throws PosixException {
      boolean hidden = parent.find(name).map(FileStatus::whiteout).orElse(false);
      if (hidden) {
        parent.removeFile(name);
      }
      return hidden;
    }

    @Override
    void cover(Directory directory) throws PosixException {
      directory.setAttribute("user.overlay.opaque", new byte[] {'y'});
    }
  },

  /** An empty file {@code .wh.NAME}, and {@code .wh..wh..opq} in directories. */
  AUFS {
    @Override
    void hide(Directory parent, byte[] name) throws PosixException {
      parent.file(mark(name), NEW, 0600).close();
    }

    @Override
    boolean reveal(Directory parent, byte[] name) throws PosixException {
      boolean hidden = name.length + PREFIX.length() <= 255 && parent.find(mark(name)).isPresent();
      if (hidden) {
        parent.removeFile(mark(name));
      }
      return hidden;
    }

    @Override
    void cover(Directory directory) throws PosixException {
      directory.file(Bytes.of(OPAQUE), Linux.O_WRONLY | Linux.O_CREAT, 0600).close();
    }
  };

  static final String PREFIX = ".wh.";
  static final String OPAQUE = ".wh..wh..opq";
  private static final int NEW = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;

  /** Makes {@code name} absent; nothing may be there. */
  abstract void hide(Directory parent, byte[] name) throws PosixException;

  /** Takes that back; false if it was not hidden. */
  abstract boolean reveal(Directory parent, byte[] name) throws PosixException;

  /** Lets nothing of the layers below be seen in a directory. */
  abstract void cover(Directory directory) throws PosixException;

  final void cover(Directory parent, byte[] name) throws PosixException {
    try (Directory directory = parent.directory(name)) {
      cover(directory);
    }
  }

  static byte[] mark(byte[] name) {
    byte[] mark = java.util.Arrays.copyOf(Bytes.of(PREFIX), PREFIX.length() + name.length);
    System.arraycopy(name, 0, mark, PREFIX.length(), name.length);
    return mark;
  }

  /** The word for it in {@code store.json}: {@code overlay} or {@code aufs}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Which of them the file system of a directory can hold, by trying it there. A node 0:0 needs no
   * rights since Linux 5.8, user attributes need a file system that has them.
   */
  public static Whiteouts probe(Directory in) throws PosixException {
    byte[] trial = Bytes.of(".probe-" + Long.toHexString(System.nanoTime()));
    byte[] name = {'x'};
    in.makeDirectory(trial, 0700);
    try (Directory inside = in.directory(trial)) {
      OVERLAY.hide(inside, name);
      OVERLAY.cover(inside);
      boolean kept =
          inside.status(name).whiteout() && inside.attribute("user.overlay.opaque").isPresent();
      return kept ? OVERLAY : AUFS;
    } catch (PosixException e) {
      if (e.full()) {
        throw e;
      }
      return AUFS;
    } finally {
      Trees.remove(in, trial);
    }
  }
}
