package org.lichen.archive;

import java.io.IOException;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;
import org.lichen.posix.Errno;
import org.lichen.posix.FileStatus;
import org.lichen.posix.PosixException;

/** The existing file that an entry is a second name of: in the same layer, and no directory. */
record HardLink(Directory directory, byte[] name, byte[] path) {

  static Optional<HardLink> of(Entry entry, Parents parents) throws IOException {
    if (entry.type() != Entry.Type.HARDLINK) {
      return Optional.empty();
    }
    EntryPath target = EntryPath.of(entry.link(), entry.path());
    LayerMark.refuseIn(target, entry.path());
    Optional<FileStatus> status = Optional.empty();
    if (!target.isRoot()) {
      try {
        Parents.Place parent = parents.existing(target.parent());
        status = parent.directory().find(target.name());
        if (status.isPresent() && !status.get().directory() && !status.get().whiteout()) {
          byte[] path = parent.path().child(target.name()).bytes();
          return Optional.of(new HardLink(parent.directory(), target.name(), path));
        }
      } catch (PosixException e) {
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
          throw e;
        }
      }
    }
    boolean isDirectory = target.isRoot() || status.map(FileStatus::directory).orElse(false);
    throw ArchiveException.entry(
        entry.path(),
        "is a hard link to '"
            + Bytes.shown(entry.link())
            + (isDirectory ? "', a directory" : "', which is not in the archive before it"));
  }
}
