package org.lichen.image.singularity.write;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.image.singularity.squashfs.write.Node;
import org.lichen.image.singularity.squashfs.write.SquashWriter;

/**
 * One tree of the layers of an image (OCI image-spec, "Layer Changesets"), which are added lowest
 * first and then gone through once more for the data of those files that are left. In memory is
 * what the tree says of each file, not its data. For one thread.
 */
final class Merged {
  private static final byte[] OPAQUE = ".wh..wh..opq".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] AUFS = ".wh..wh.".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] WHITEOUT = ".wh.".getBytes(StandardCharsets.US_ASCII);

  private Node root = Node.directory(0755, 0);

  /** By whom a node was made: layer, and number of the entry in it. */
  private final Map<Node, Origin> origins = new HashMap<>();

  private int layers;

  private record Origin(int layer, long entry) {}

  Node root() {
    return root;
  }

  /** Puts a layer above those that were added. */
  void add(EntryStream entries) throws IOException {
    int layer = layers++;
    long number = 0;
    for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
      add(next.get(), new Origin(layer, number++));
    }
  }

  private void add(Entry entry, Origin origin) throws IOException {
    List<byte[]> names = names(entry.path());
    if (names.isEmpty()) {
      if (entry.type() == Entry.Type.DIRECTORY) {
        root = replaced(root, entry, origin);
      }
      return;
    }
    byte[] name = names.remove(names.size() - 1);
    if (begins(name, WHITEOUT)) {
      // Where a file took the place of a directory, umoci says of all in that that it is gone.
      Node in = find(names);
      if (in != null && in.directory()) {
        mark(in, name, origin.layer());
      }
    } else {
      place(directory(names, origin), name, entry, origin);
    }
  }

  private void mark(Node in, byte[] name, int layer) {
    if (Arrays.equals(name, OPAQUE)) {
      cover(in, layer);
    } else if (!begins(name, AUFS)) {
      byte[] hidden = Arrays.copyOfRange(name, WHITEOUT.length, name.length);
      Node there = in.children().get(hidden);
      if (there != null && older(there, layer)) {
        in.children().remove(hidden);
      } else if (there != null && there.directory()) {
        cover(there, layer);
      }
    }
  }

  private static boolean begins(byte[] name, byte[] prefix) {
    return name.length > prefix.length
        && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static List<byte[]> names(byte[] path) throws IOException {
    List<byte[]> names = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        byte[] name = Arrays.copyOfRange(path, from, i);
        from = i + 1;
        String text = new String(name, StandardCharsets.ISO_8859_1);
        if (text.equals("..")) {
          throw new IOException("an entry has '..' in its path");
        }
        if (!text.isEmpty() && !text.equals(".")) {
          names.add(name);
        }
      }
    }
    return names;
  }

  /** A directory, made where it is only implied; what is no directory gives way. */
  private Node directory(List<byte[]> names, Origin origin) {
    Node at = root;
    for (byte[] name : names) {
      Node next = at.children().get(name);
      if (next == null || !next.directory()) {
        next = Node.directory(0755, 0);
        origins.put(next, origin);
        at.children().put(name, next);
      }
      at = next;
    }
    return at;
  }

  private boolean older(Node node, int layer) {
    Origin origin = origins.get(node);
    return origin == null || origin.layer() < layer;
  }

  /** Takes away what layers below have in a directory; what this layer has itself stays. */
  private void cover(Node directory, int layer) {
    Iterator<Node> each = directory.children().values().iterator();
    while (each.hasNext()) {
      Node child = each.next();
      if (child.directory()) {
        cover(child, layer);
      }
      if (older(child, layer) && (!child.directory() || child.children().isEmpty())) {
        each.remove();
      }
    }
  }

  private void place(Node in, byte[] name, Entry entry, Origin origin) throws IOException {
    Node there = in.children().get(name);
    if (entry.type() == Entry.Type.HARDLINK) {
      Node target = find(names(entry.link()));
      if (target == null || target.directory()) {
        throw new IOException(
            "'"
                + new String(entry.path(), StandardCharsets.UTF_8)
                + "' is a hard link to '"
                + new String(entry.link(), StandardCharsets.UTF_8)
                + "', which is no file");
      }
      in.children().put(name, target);
      return;
    }
    Node made = node(entry);
    origins.put(made, origin);
    if (there != null && there.directory() && made.directory()) {
      made.children().putAll(there.children());
    }
    in.children().put(name, made);
  }

  private Node replaced(Node old, Entry entry, Origin origin) {
    Node made = node(entry);
    origins.put(made, origin);
    made.children().putAll(old.children());
    return made;
  }

  private static Node node(Entry entry) {
    return new Node(
        entry.type(),
        entry.mode(),
        entry.uid(),
        entry.gid(),
        entry.modified().getEpochSecond(),
        entry.link(),
        entry.deviceMajor(),
        entry.deviceMinor(),
        entry.xattrs());
  }

  @org.jspecify.annotations.Nullable
  Node find(List<byte[]> names) {
    Node at = root;
    for (byte[] name : names) {
      at = at.children().get(name);
      if (at == null) {
        return null;
      }
    }
    return at;
  }

  /** Files whose data a layer has, by the number of the entry; known when all layers were added. */
  Map<Long, Node> files(int layer) {
    Map<Long, Node> files = new HashMap<>();
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(List.of(root));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (!seen.add(node)) {
        continue;
      }
      Origin origin = origins.get(node);
      if (node.file() && origin != null && origin.layer() == layer) {
        files.put(origin.entry(), node);
      }
      open.addAll(node.children().values());
    }
    return files;
  }

  /** Writes the data of the files that are left of a layer. */
  void write(int layer, EntryStream entries, SquashWriter to) throws IOException {
    Map<Long, Node> files = files(layer);
    long number = 0;
    for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
      Node file = files.get(number++);
      if (file != null) {
        Entry entry = next.get();
        file.data(to.data(entry.size(), entry.extents(), entry.content()));
      }
    }
  }
}
