package org.lichen.image.singularity.squashfs.write;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes inodes and directories: what is in a directory before the directory itself. */
final class TreeWriter {
  private static final long NO_XATTR = 0xffffffffL;
  private static final int LONG = 7; // added to the kind of an inode in its long form
  private static final int UNSAID = 3;
  private static final int MOST_OF_A_HEADER = 256;
  private static final long SHORT_LISTING = 0xffff;
  private static final long MOST_32 = 0xffffffffL;
  private static final int MOST_IDS = 65_535;

  private final MetadataWriter inodes;
  private final MetadataWriter directories;
  private final SquashWriter.XattrWriter xattrs;
  private final Map<Long, Integer> ids = new HashMap<>();
  private final List<Long> idList = new ArrayList<>();
  private final List<Node> numbered = new ArrayList<>();

  TreeWriter(Packing packing, SquashWriter.XattrWriter xattrs) {
    this.inodes = new MetadataWriter(packing);
    this.directories = new MetadataWriter(packing);
    this.xattrs = xattrs;
  }

  /** A directory that is under way. */
  private record Frame(Node node, long parent, Iterator<Node> rest) {}

  /** Answers the reference of the root. Deep trees need no deep stack. */
  long write(Node root) throws IOException {
    number(root);
    Deque<Frame> open = new ArrayDeque<>();
    open.push(new Frame(root, numbered.size() + 1L, root.children().values().iterator()));
    while (!open.isEmpty()) {
      Frame frame = open.peek();
      if (!frame.rest().hasNext()) {
        open.pop();
        directory(frame.node(), frame.parent());
        continue;
      }
      Node child = frame.rest().next();
      if (child.directory()) {
        open.push(new Frame(child, frame.node().number, child.children().values().iterator()));
      } else if (child.reference < 0) {
        other(child);
      }
    }
    return root.reference;
  }

  /** Numbers come first, for a directory names its parent, which is written after it. */
  private void number(Node root) {
    Deque<Node> open = new ArrayDeque<>(List.of(root));
    while (!open.isEmpty()) {
      Node node = open.pop();
      node.links++;
      if (node.links == 1) {
        numbered.add(node);
        node.number = numbered.size();
        node.children().values().forEach(open::push);
      }
    }
  }

  private int id(long id) throws IOException {
    Integer index = ids.get(id);
    if (index == null) {
      index = idList.size();
      if (index == MOST_IDS) {
        throw new IOException("a squashfs has at most " + MOST_IDS + " different owners");
      }
      ids.put(id, index);
      idList.add(id);
    }
    return index;
  }

  private void header(Node node, int kind) throws IOException {
    node.reference = inodes.reference();
    int uid = id(node.uid);
    int gid = id(node.gid);
    inodes.u16(kind).u16(node.mode).u16(uid).u16(gid).u32(node.seconds).u32(node.number);
  }

  private static int kind(Node node) {
    return switch (node.type) {
      case DIRECTORY -> 1;
      case FILE -> 2;
      case SYMLINK -> 3;
      case BLOCK_DEVICE -> 4;
      case CHARACTER_DEVICE -> 5;
      case FIFO -> 6;
      case SOCKET -> 7;
      case HARDLINK -> throw new IllegalArgumentException("a hard link is a second place");
    };
  }

  private void other(Node node) throws IOException {
    long attributes = xattrs.add(node.xattrs);
    boolean extended = attributes != NO_XATTR;
    int kind = kind(node);
    switch (node.type) {
      case FILE -> file(node, attributes);
      case SYMLINK -> {
        header(node, extended ? kind + LONG : kind);
        inodes.u32(node.links).u32(node.link.length).bytes(node.link);
      }
      case BLOCK_DEVICE, CHARACTER_DEVICE -> {
        header(node, extended ? kind + LONG : kind);
        inodes.u32(node.links).u32(node.device);
      }
      default -> {
        header(node, extended ? kind + LONG : kind);
        inodes.u32(node.links);
      }
    }
    if (extended && !node.file()) {
      inodes.u32(attributes);
    }
  }

  private void file(Node node, long attributes) throws IOException {
    Data data = node.data();
    long start = Math.max(0, data.start);
    boolean extended =
        attributes != NO_XATTR
            || node.links > 1
            || data.sparse > 0
            || data.size > MOST_32
            || start > MOST_32;
    header(node, extended ? 2 + LONG : 2);
    if (extended) {
      inodes.u64(start).u64(data.size).u64(data.sparse).u32(node.links);
      inodes.u32(data.fragment).u32(data.offset).u32(attributes);
    } else {
      inodes.u32(start).u32(data.fragment).u32(data.offset).u32(data.size);
    }
    for (int i = 0; i < data.count(); i++) {
      inodes.u32(data.word(i) & 0xffffffffL);
    }
  }

  private void directory(Node node, long parent) throws IOException {
    long at = directories.reference();
    long size = listing(node) + UNSAID;
    long attributes = xattrs.add(node.xattrs);
    long links = 2 + node.children().values().stream().filter(Node::directory).count();
    if (size > SHORT_LISTING || attributes != NO_XATTR) {
      header(node, 1 + LONG);
      inodes.u32(links).u32(size).u32(at >>> 16).u32(parent).u16(0).u16(at & 0xffff);
      inodes.u32(attributes);
    } else {
      header(node, 1);
      inodes.u32(at >>> 16).u32(links).u16(size).u16(at & 0xffff).u32(parent);
    }
  }

  /** Writes what is in a directory; answers its length. */
  private long listing(Node node) throws IOException {
    List<Map.Entry<byte[], Node>> all = new ArrayList<>(node.children().entrySet());
    long size = 0;
    int from = 0;
    while (from < all.size()) {
      Node first = all.get(from).getValue();
      int to = from + 1;
      while (to < all.size()
          && to - from < MOST_OF_A_HEADER
          && together(first, all.get(to).getValue())) {
        to++;
      }
      directories.u32(to - from - 1L).u32(first.reference >>> 16).u32(first.number);
      size += 12;
      for (Map.Entry<byte[], Node> each : all.subList(from, to)) {
        byte[] name = each.getKey();
        if (name.length == 0 || name.length > 255) {
          throw new IOException(
              "a name of " + name.length + " bytes: " + new String(name, StandardCharsets.UTF_8));
        }
        Node child = each.getValue();
        directories.u16(child.reference & 0xffff).u16(child.number - first.number);
        directories.u16(kind(child)).u16(name.length - 1L).bytes(name);
        size += 8 + name.length;
      }
      from = to;
    }
    return size;
  }

  /** Whether one header can say where both inodes lie. */
  private static boolean together(Node first, Node other) {
    long difference = other.number - first.number;
    return other.reference >>> 16 == first.reference >>> 16
        && difference >= Short.MIN_VALUE
        && difference <= Short.MAX_VALUE;
  }

  byte[] inodes() {
    return inodes.finish();
  }

  byte[] directories() {
    return directories.finish();
  }

  List<Long> ids() {
    return idList;
  }

  /** Of every inode, by number. */
  List<Long> references() {
    return numbered.stream().map(node -> node.reference).toList();
  }
}
