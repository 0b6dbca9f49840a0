package org.lichen.image.singularity.squashfs.write;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.lichen.api.image.Entry;

/**
 * A file, directory or other node of the tree that is to be written. One that is in several places
 * is a file with several names. Changed by whoever builds the tree, until it is written.
 */
public final class Node {
  final Entry.Type type;
  final int mode;
  final long uid;
  final long gid;
  final long seconds;
  final byte[] link;
  final long device;
  final Map<String, byte[]> xattrs;
  private final SortedMap<byte[], Node> children;
  private Data data = Data.EMPTY;

  // What the writer knows of it.
  int links;
  long number;
  long reference = -1;

  /** {@code link}: the target of a symbolic link; {@code seconds} of Unix, cut to 32 bits. */
  public Node(
      Entry.Type type,
      int mode,
      long uid,
      long gid,
      long seconds,
      byte[] link,
      long major,
      long minor,
      Map<String, byte[]> xattrs) {
    this.type = type;
    this.mode = mode & 07777;
    this.uid = uid;
    this.gid = gid;
    this.seconds = Math.max(0, Math.min(seconds, 0xffffffffL));
    this.link = link.clone();
    this.device = (minor & 0xff) | (major << 8) | ((minor & ~0xffL) << 12);
    this.xattrs = xattrs.isEmpty() ? Map.of() : new TreeMap<>(xattrs);
    this.children =
        directory() ? new TreeMap<>(Arrays::compareUnsigned) : Collections.emptySortedMap();
  }

  public static Node directory(int mode, long seconds) {
    return new Node(Entry.Type.DIRECTORY, mode, 0, 0, seconds, new byte[0], 0, 0, Map.of());
  }

  public boolean directory() {
    return type == Entry.Type.DIRECTORY;
  }

  public boolean file() {
    return type == Entry.Type.FILE;
  }

  /** What is in a directory, by name, in the order of squashfs; nothing can be put into others. */
  public SortedMap<byte[], Node> children() {
    return children;
  }

  /** What {@link SquashWriter#data} answered for this file. */
  public void data(Data written) {
    data = written;
  }

  Data data() {
    return data;
  }
}
