package org.lichen.archive;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.posix.Directory;
import org.lichen.posix.Errno;
import org.lichen.posix.FileStatus;
import org.lichen.posix.PosixException;
import org.lichen.posix.Trees;

/**
 * Unpacks a layer that nobody trusts into a directory, as its owner, without rights. Nothing is
 * ever made outside of the directory, and nothing in it needs rights to be read or removed:
 *
 * <ul>
 *   <li>every file has u+rw, every directory u+rwx, none has setuid or setgid;
 *   <li>a device is an empty file, which hides what layers below have there;
 *   <li>only attributes {@code user.*} are on disk, but none of overlayfs or of Lichen.
 * </ul>
 *
 * What the image says instead is in the index. A later entry replaces an earlier one of the same
 * path. Whiteouts get the encoding of the store; they hide what is below, never what this layer has
 * itself, in whatever order. Files are made in the order of the entries and written beside it, so
 * that many are on the way to the disk at once. Syncing is left to the caller.
 */
public final class Unpacker {
  private static final EntryPath ROOT = new EntryPath(List.of());

  private final Directory root;
  private final Whiteouts encoding;
  private final LayerIndex index;
  private final Parents parents;
  private final Writers writers = new Writers();
  private final Maker maker = new Maker(writers);
  private final List<EntryPath> directories = new ArrayList<>();
  private final List<Instant> times = new ArrayList<>();
  private boolean anythingHidden;
  private boolean rootSaid;

  /** For one layer; {@code root} is an empty directory. */
  public Unpacker(Directory root, Whiteouts encoding, LayerIndex index) {
    this.root = root;
    this.encoding = encoding;
    this.index = index;
    this.parents = new Parents(root, encoding, index);
  }

  /**
   * Unpacks every entry.
   *
   * @throws ArchiveException naming the entry that cannot be unpacked
   * @throws PosixException if the disk is full
   */
  public void unpack(EntryStream entries) throws IOException {
    try (parents;
        writers) {
      Optional<Entry> next = entries.next();
      while (next.isPresent()) {
        unpack(next.get());
        next = entries.next();
      }
      if (!rootSaid) {
        parents.implyRoot();
      }
      writers.finish();
      setTimes();
    }
  }

  private void unpack(Entry entry) throws IOException {
    byte[] named = entry.path();
    try {
      EntryPath path = EntryPath.of(named, named);
      if (path.isRoot()) {
        placeRoot(entry);
      } else if (!LayerMark.metadata(path)) {
        LayerMark.refuseIn(path.parent(), named);
        boolean mark = LayerMark.opaque(path.name()) || LayerMark.whiteout(path.name());
        Parents.Place parent;
        try {
          parent = parents.open(path.parent());
        } catch (PosixException e) {
          if (mark && e.errno() == Errno.ENOTDIR) {
            return; // a file took the place of a directory and hides all of it; umoci says it twice
          }
          throw e;
        }
        if (LayerMark.opaque(path.name())) {
          encoding.cover(parent.directory());
          index.add(IndexLine.mark(parent.path().bytes(), IndexLine.Kind.OPAQUE));
        } else if (LayerMark.whiteout(path.name())) {
          hide(parent, LayerMark.hidden(path.name(), named));
        } else {
          place(entry, parent, path.name(), false);
        }
      }
    } catch (PosixException e) {
      throw ArchiveException.unpacking(named, e);
    }
  }

  private void placeRoot(Entry entry) throws IOException {
    if (entry.type() != Entry.Type.DIRECTORY) {
      throw ArchiveException.entry(entry.path(), "would replace the root of the layer");
    }
    rootSaid = true;
    maker.finish(root, entry);
    defer(ROOT, entry.modified());
    index.add(IndexLine.of(entry, ROOT));
  }

  private void hide(Parents.Place parent, byte[] name) throws IOException {
    anythingHidden = true;
    encoding.reveal(parent.directory(), name);
    Optional<FileStatus> own = parent.directory().find(name);
    byte[] path = parent.path().child(name).bytes();
    if (own.isEmpty()) {
      encoding.hide(parent.directory(), name);
      index.add(IndexLine.mark(path, IndexLine.Kind.WHITEOUT));
    } else if (own.get().directory()) {
      encoding.cover(parent.directory(), name);
      index.add(IndexLine.mark(path, IndexLine.Kind.OPAQUE));
    }
  }

  private void place(Entry entry, Parents.Place parent, byte[] name, boolean wasHidden)
      throws IOException {
    Directory in = parent.directory();
    EntryPath path = parent.path().child(name);
    boolean covered = (anythingHidden && encoding.reveal(in, name)) || wasHidden;
    Optional<HardLink> link = HardLink.of(entry, parents);
    if (link.isPresent() && Arrays.equals(link.get().path(), path.bytes())) {
      return; // to itself, as some archivers write the second time a file is named
    }
    try {
      maker.make(entry, in, name, link);
    } catch (PosixException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
      FileStatus there = in.status(name);
      if (!there.directory() || entry.type() != Entry.Type.DIRECTORY) {
        Trees.remove(in, name);
        index.add(IndexLine.mark(path.bytes(), IndexLine.Kind.REPLACED));
        parents.forget();
        place(entry, parents.existing(parent.path()), name, covered || there.whiteout());
        return;
      }
    }
    if (entry.type() == Entry.Type.DIRECTORY) {
      try (Directory made = in.directory(name)) {
        maker.finish(made, entry);
      }
      defer(path, entry.modified());
    }
    index.add(
        link.isPresent() ? IndexLine.hardLink(path, link.get().path()) : IndexLine.of(entry, path));
    if (covered && entry.type() == Entry.Type.DIRECTORY) {
      encoding.cover(in, name);
      index.add(IndexLine.mark(path.bytes(), IndexLine.Kind.OPAQUE));
    }
  }

  /** What is put into a directory changes its time; so times of directories come last. */
  private void defer(EntryPath path, Instant time) {
    directories.add(path);
    times.add(time);
  }

  private void setTimes() throws IOException {
    for (int i = 0; i < directories.size(); i++) {
      EntryPath path = directories.get(i);
      if (path.isRoot()) {
        root.touch(times.get(i));
        continue;
      }
      try {
        Directory in = parents.existing(path.parent()).directory();
        if (in.find(path.name()).map(FileStatus::directory).orElse(false)) {
          in.touch(path.name(), times.get(i));
        }
      } catch (PosixException e) {
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
          throw e; // otherwise a later entry replaced it
        }
      }
    }
  }
}
