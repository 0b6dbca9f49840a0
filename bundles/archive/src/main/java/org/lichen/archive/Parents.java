package org.lichen.archive;

import java.io.IOException;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.posix.Directory;
import org.lichen.posix.InRoot;

/**
 * The directories that entries are put into, found in the root and kept open for a while.
 * Directories that the archive does not have are made, and told to the index as implied.
 */
final class Parents implements AutoCloseable {
  /** Well below the smallest usual limit of open files, with several layers at a time. */
  private static final int KEPT = 48;

  private static final int IMPLIED_MODE = 0755;

  private final Directory root;
  private final InRoot inRoot;
  private final Whiteouts encoding;
  private final LayerIndex index;
  private final Map<String, Place> open = new LinkedHashMap<>(64, 0.75f, true);

  Parents(Directory root, Whiteouts encoding, LayerIndex index) {
    this.root = root;
    this.inRoot = new InRoot(root);
    this.encoding = encoding;
    this.index = index;
  }

  /** An open directory, and where it truly is. */
  record Place(Directory directory, EntryPath path) {}

  /** Opens a directory; valid until the next call of any method. */
  Place open(EntryPath path) throws IOException {
    return open(path, this::imply);
  }

  /** Like {@link #open}, but makes nothing. */
  Place existing(EntryPath path) throws IOException {
    return open(path, InRoot.Missing.REFUSE);
  }

  private Place open(EntryPath path, InRoot.Missing missing) throws IOException {
    if (path.isRoot()) {
      return new Place(root, path);
    }
    String key = path.key();
    Place place = open.get(key);
    if (place == null) {
      InRoot.Found found = inRoot.find(path.bytes(), missing);
      place = new Place(found.directory(), new EntryPath(found.names()));
      open.put(key, place);
      if (open.size() > KEPT) {
        Iterator<Place> oldest = open.values().iterator();
        close(oldest.next());
        oldest.remove();
      }
    }
    return place;
  }

  private void imply(Directory parent, List<byte[]> names) throws IOException {
    EntryPath path = new EntryPath(names);
    boolean hidden = encoding.reveal(parent, path.name());
    parent.makeDirectory(path.name(), 0700);
    parent.chmod(path.name(), IMPLIED_MODE);
    index.add(implied(path));
    if (hidden) {
      encoding.cover(parent, path.name());
      index.add(IndexLine.mark(path.bytes(), IndexLine.Kind.OPAQUE));
    }
  }

  /** For a layer that says nothing about its root. */
  void implyRoot() throws IOException {
    root.chmod(IMPLIED_MODE);
    root.touch(Instant.EPOCH);
    index.add(implied(new EntryPath(List.of())));
  }

  private static IndexLine implied(EntryPath path) {
    return new IndexLine(
        path.bytes(),
        IndexLine.Kind.DIRECTORY,
        IMPLIED_MODE,
        0,
        0,
        Instant.EPOCH,
        0,
        Optional.empty(),
        0,
        0,
        true,
        Map.of());
  }

  /** To be called when a directory or a symbolic link goes: what is open may be elsewhere. */
  void forget() {
    open.values().forEach(Parents::close);
    open.clear();
  }

  /** A path through a link to the root itself gives the root, opened again. */
  private static void close(Place place) {
    place.directory().close();
  }

  @Override
  public void close() {
    forget();
  }
}
