package org.lichen.image.singularity.squashfs;

import static java.io.InputStream.nullInputStream;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final long MOST_REMEMBERED = 64 << 20;
  private static final int ENTRIES_AHEAD = 64;
  private static final byte[] ROOT = {'.'};

  private final Squashfs from;
  private final Deque<Frame> open = new ArrayDeque<>();
  private final Set<Long> directories = new HashSet<>();
  private final Map<Long, byte[]> linked = new HashMap<>();
  private final Deque<Prepared> prepared = new ArrayDeque<>();
  private final Limits limits;
  private int blocksAhead;
  private long bytes;
  private long entries;
  private long remembered;
  private boolean begun;

  /** A directory that is being gone through. */
  private record Frame(byte[] path, Listings.Walk rest) {}

  /** An entry, and how many of its blocks are on the way. */
  private record Prepared(Entry entry, int blocks) {}

  /** Closing this closes {@code from}. */
  public SquashEntries(Squashfs from, Limits limits) {
    this.from = from;
    this.limits = limits;
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
      Optional<Listings.Named> named = frame.rest().next();
      if (named.isPresent()) {
        byte[] path = below(frame.path(), named.get().name());
        return Optional.of(made(path, from.inode(named.get().inode())));
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
    open.push(new Frame(path, from.walk(directory)));
    return new Prepared(entry(path, directory, directory.type(), new byte[0]), 0);
  }

  private Prepared made(byte[] path, Inode inode) throws IOException {
    if (inode.type() == Entry.Type.DIRECTORY) {
      return enter(path, inode);
    }
    byte[] first = inode.links() > 1 ? linked.putIfAbsent(inode.id(), path) : null;
    if (first == null && inode.links() > 1) {
      remembered += path.length;
      if (remembered > MOST_REMEMBERED) {
        throw bomb(path, "too many files say that they have other names", "entries");
      }
    }
    if (first != null) {
      return new Prepared(entry(path, inode, Entry.Type.HARDLINK, first), 0);
    }
    if (inode.type() != Entry.Type.FILE) {
      return new Prepared(entry(path, inode, inode.type(), inode.target()), 0);
    }
    FileData data = from.data(inode);
    List<Entry.Extent> extents = data.extents();
    count(path, extents.stream().mapToLong(Entry.Extent::length).sum());
    Entry entry = entry(path, inode, Entry.Type.FILE, new byte[0], extents, data);
    return new Prepared(entry, data.ask(from.ahead() - blocksAhead));
  }

  /** An entry that has no data of its own. */
  private Entry entry(byte[] path, Inode inode, Entry.Type type, byte[] link) throws IOException {
    return entry(path, inode, type, link, List.of(), Channels.newChannel(nullInputStream()));
  }

  private Entry entry(
      byte[] path,
      Inode inode,
      Entry.Type type,
      byte[] link,
      List<Entry.Extent> extents,
      ReadableByteChannel content)
      throws IOException {
    Map<String, byte[]> xattrs =
        type == Entry.Type.HARDLINK ? Map.of() : from.xattrs().of(inode.xattrs());
    count(path, xattrs.values().stream().mapToLong(value -> value.length).sum());
    if (++entries > limits.entries()) {
      throw bomb(path, "there are more than " + limits.entries() + " names", "entries");
    }
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
        xattrs,
        type == Entry.Type.FILE ? inode.size() : 0,
        extents,
        content);
  }

  /**
   * Hundreds of files may share their data, and thousands their attributes: what is made counts.
   */
  private void count(byte[] path, long more) throws SquashfsException {
    bytes += more;
    if (bytes > limits.bytes()) {
      throw bomb(path, "the files have more than " + limits.bytes() + " bytes", "bytes");
    }
  }

  private static SquashfsException bomb(byte[] path, String what, String limit) {
    return new SquashfsException(
        "squashfs file '"
            + new String(path, StandardCharsets.UTF_8)
            + "': "
            + what
            + ", which looks like a bomb; if it is none, raise singularity.limits."
            + limit
            + " in the configuration");
  }

  @Override
  public void close() {
    prepared.clear();
    from.close();
  }
}
