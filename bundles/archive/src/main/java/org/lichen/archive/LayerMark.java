package org.lichen.archive;

import java.util.Arrays;
import java.util.List;
import org.lichen.posix.Bytes;

/**
 * Names with a meaning in a layer (OCI image-spec, layer, "Whiteouts"). So a real file whose name
 * begins with {@code .wh.} cannot be said in a layer at all: it is always a whiteout.
 */
final class LayerMark {
  private static final byte[] PREFIX = Bytes.of(Whiteouts.PREFIX);
  private static final byte[] OPAQUE = Bytes.of(Whiteouts.OPAQUE);

  /** What aufs itself kept in its branches; old images still have it, and it says nothing. */
  private static final List<byte[]> METADATA =
      List.of(Bytes.of(".wh..wh.aufs"), Bytes.of(".wh..wh.plnk"), Bytes.of(".wh..wh.orph"));

  private LayerMark() {}

  static boolean metadata(EntryPath path) {
    return path.names().stream()
        .anyMatch(n -> METADATA.stream().anyMatch(m -> Arrays.equals(m, n)));
  }

  static boolean opaque(byte[] name) {
    return Arrays.equals(name, OPAQUE);
  }

  static boolean whiteout(byte[] name) {
    return name.length >= PREFIX.length
        && Arrays.equals(name, 0, PREFIX.length, PREFIX, 0, PREFIX.length);
  }

  /** The name that a whiteout hides. */
  static byte[] hidden(byte[] name, byte[] entry) throws ArchiveException {
    byte[] hidden = Arrays.copyOfRange(name, PREFIX.length, name.length);
    if (hidden.length == 0
        || Arrays.equals(hidden, Bytes.of("."))
        || Arrays.equals(hidden, Bytes.of(".."))) {
      throw ArchiveException.entry(entry, "is a whiteout of nothing");
    }
    return hidden;
  }

  /** Nothing can be below a whiteout, and no hard link can name one. */
  static void refuseIn(EntryPath path, byte[] entry) throws ArchiveException {
    if (path.names().stream().anyMatch(LayerMark::whiteout)) {
      throw ArchiveException.entry(entry, "lies in, or links to, a whiteout");
    }
  }
}
