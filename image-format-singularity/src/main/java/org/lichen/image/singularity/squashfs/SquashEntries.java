package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;

/**
 * All of a squashfs as entries, a directory before what is in it. What is small is unpacked ahead
 * of its turn. A file's second name is a hard link to the first.
 */
public final class SquashEntries implements EntryStream {
  /** Data may be so many times as large as the file system, or a gibibyte. */
  private static final long MOST_RATIO = 250;

  private static final long ALWAYS_ALLOWED = 1L << 30;
  private static final int ENTRIES_AHEAD = 64;
  private static final byte[] ROOT = {'.'};

  private final Squashfs from;
  private final Deque<Frame> open = new ArrayDeque<>();
  private final Set<Long> directories = new HashSet<>();
  private final Map<Long, byte[]> linked = new HashMap<>();
  private final Deque<Prepared> prepared = new ArrayDeque<>();
  private int blocksAhead;
  private long left;
  private boolean begun;

  /** A directory that is being gone through. */
  private record Frame(byte[] path, Iterator<Listings.Named> rest) {}

  /** An entry, and how many of its blocks are on the way. */
  private record Prepared(Entry entry, int blocks) {}

  /** Closing this closes {@code from}. */
  public SquashEntries(Squashfs from) {
    this.from = from;
    this.left = Math.max(ALWAYS_ALLOWED, from.size() * MOST_RATIO);
  }

  @Override
  public Optional<Entry> next() throws IOException {
    while (prepared.size() < ENTRIES_AHEAD && blocksAhead < from.ahead()) {
      Optional<Prepared> one = prepare();
      if (one.isEmpty()) {
        break;
      }
      blocksAhead += one.get().blocks();
      prepared.add(one.get());
    }
    Prepared first = prepared.poll();
    if (first == null) {
      return Optional.empty();
    }
    blocksAhead -= first.blocks();
    return Optional.of(first.entry());
  }

  private Optional<Prepared> prepare() throws IOException {
    if (!begun) {
      begun = true;
      return Optional.of(enter(ROOT, from.root()));
    }
    while (!open.isEmpty()) {
      Frame frame = open.peek();
      if (frame.rest().hasNext()) {
        Listings.Named named = frame.rest().next();
        byte[] path = below(frame.path(), named.name());
        return Optional.of(made(path, from.inode(named.inode())));
      }
      open.pop();
    }
    return Optional.empty();
  }

  private static byte[] below(byte[] directory, byte[] name) {
    if (directory == ROOT) {
      return name;
    }
    byte[] path = java.util.Arrays.copyOf(directory, directory.length + 1 + name.length);
    path[directory.length] = '/';
    System.arraycopy(name, 0, path, directory.length + 1, name.length);
    return path;
  }

  private Prepared enter(byte[] path, Inode directory) throws IOException {
    if (!directories.add(directory.id())) {
      throw new SquashfsException(
          "squashfs directory '"
              + new String(path, StandardCharsets.UTF_8)
              + "' is in two places: a loop");
    }
    open.push(new Frame(path, from.list(directory).iterator()));
    return new Prepared(entry(path, directory, directory.type(), new byte[0], List.of(), 0), 0);
  }

  private Prepared made(byte[] path, Inode inode) throws IOException {
    if (inode.type() == Entry.Type.DIRECTORY) {
      return enter(path, inode);
    }
    byte[] first = inode.links() > 1 ? linked.putIfAbsent(inode.id(), path) : null;
    if (first != null) {
      return new Prepared(entry(path, inode, Entry.Type.HARDLINK, first, List.of(), 0), 0);
    }
    if (inode.type() != Entry.Type.FILE) {
      return new Prepared(entry(path, inode, inode.type(), inode.target(), List.of(), 0), 0);
    }
    FileData data = from.data(inode);
    List<Entry.Extent> extents = data.extents();
    left -= extents.stream().mapToLong(Entry.Extent::length).sum();
    if (left < 0) {
      throw new SquashfsException(
          "squashfs file '"
              + new String(path, StandardCharsets.UTF_8)
              + "': the files are more than "
              + MOST_RATIO
              + " times as large as the file system, which looks like a bomb");
    }
    int blocks = data.ask(from.ahead() - blocksAhead);
    return new Prepared(
        new SquashEntry(
            path,
            Entry.Type.FILE,
            inode.mode(),
            from.id(inode.owner()),
            from.id(inode.group()),
            Instant.ofEpochSecond(inode.time()),
            new byte[0],
            0,
            0,
            from.xattrs().of(inode.xattrs()),
            inode.size(),
            extents,
            data),
        blocks);
  }

  private Entry entry(
      byte[] path, Inode inode, Entry.Type type, byte[] link, List<Entry.Extent> none, long size)
      throws IOException {
    return new SquashEntry(
        path,
        type,
        inode.mode(),
        from.id(inode.owner()),
        from.id(inode.group()),
        Instant.ofEpochSecond(inode.time()),
        link,
        inode.major(),
        inode.minor(),
        type == Entry.Type.HARDLINK ? Map.of() : from.xattrs().of(inode.xattrs()),
        size,
        none,
        java.nio.channels.Channels.newChannel(java.io.InputStream.nullInputStream()));
  }

  @Override
  public void close() {
    prepared.clear();
    from.close();
  }
}
