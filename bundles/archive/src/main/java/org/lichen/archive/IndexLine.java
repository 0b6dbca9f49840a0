package org.lichen.archive;

import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.image.Entry;

/**
 * One line of a layer's index (docs/FORMATS.md, 7): what the image says about a path. {@code link}:
 * target of a symbolic or hard link; {@code major}, {@code minor}: of devices; {@code implied}: the
 * archive has no such directory, only something in it.
 */
public record IndexLine(
    byte[] path,
    Kind kind,
    int mode,
    long uid,
    long gid,
    Instant modified,
    long size,
    Optional<byte[]> link,
    long major,
    long minor,
    boolean implied,
    Map<String, byte[]> xattrs) {
  /** What stands at a path. */
  public enum Kind {
    FILE,
    DIRECTORY,
    SYMLINK,
    HARDLINK,
    CHAR,
    BLOCK,
    FIFO,
    SOCKET,
    /** Nothing: what the layers below have there is absent. */
    WHITEOUT,
    /** The layers below have nothing in this directory. */
    OPAQUE,
    /** Forget what was said about this path and all below it. */
    REPLACED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static IndexLine of(Entry entry, EntryPath path) {
    return new IndexLine(
        path.bytes(),
        switch (entry.type()) {
          case FILE -> Kind.FILE;
          case DIRECTORY -> Kind.DIRECTORY;
          case SYMLINK -> Kind.SYMLINK;
          case HARDLINK -> Kind.HARDLINK;
          case CHARACTER_DEVICE -> Kind.CHAR;
          case BLOCK_DEVICE -> Kind.BLOCK;
          case FIFO -> Kind.FIFO;
          case SOCKET -> Kind.SOCKET;
        },
        entry.mode() & 07777,
        entry.uid(),
        entry.gid(),
        entry.modified(),
        entry.size(),
        Optional.of(entry.link()).filter(link -> link.length > 0),
        entry.deviceMajor(),
        entry.deviceMinor(),
        false,
        entry.xattrs());
  }

  static IndexLine hardLink(EntryPath path, byte[] target) {
    return new IndexLine(
        path.bytes(),
        Kind.HARDLINK,
        0,
        0,
        0,
        Instant.EPOCH,
        0,
        Optional.of(target),
        0,
        0,
        false,
        Map.of());
  }

  static IndexLine mark(byte[] path, Kind kind) {
    return new IndexLine(
        path, kind, 0, 0, 0, Instant.EPOCH, 0, Optional.empty(), 0, 0, false, Map.of());
  }

  void write(StringBuilder out) {
    out.append("{\"path\":");
    JsonText.quote(out, path);
    out.append(",\"type\":\"").append(kind.word()).append('"');
    switch (kind) {
      case WHITEOUT, OPAQUE, REPLACED -> {}
      case HARDLINK -> text(out, "link");
      case FILE, DIRECTORY, SYMLINK, CHAR, BLOCK, FIFO, SOCKET -> {
        out.append(",\"mode\":\"").append(String.format("%04o", mode));
        out.append("\",\"uid\":").append(uid).append(",\"gid\":").append(gid);
        out.append(",\"mtime\":\"").append(modified.getEpochSecond());
        out.append(String.format(".%09d\"", modified.getNano()));
        if (kind == Kind.FILE) {
          out.append(",\"size\":").append(size);
        }
        text(out, "link");
        if (kind == Kind.CHAR || kind == Kind.BLOCK) {
          out.append(",\"major\":").append(major).append(",\"minor\":").append(minor);
        }
        if (implied) {
          out.append(",\"implied\":true");
        }
        attributes(out);
      }
    }
    out.append("}\n");
  }

  private void text(StringBuilder out, String key) {
    link.ifPresent(
        target -> {
          out.append(",\"").append(key).append("\":");
          JsonText.quote(out, target);
        });
  }

  private void attributes(StringBuilder out) {
    if (xattrs.isEmpty()) {
      return;
    }
    out.append(",\"xattrs\":{");
    char separator = ' ';
    for (String name : new java.util.TreeSet<>(xattrs.keySet())) {
      byte[] value = xattrs.getOrDefault(name, new byte[0]);
      if (separator == ',') {
        out.append(separator);
      }
      separator = ',';
      JsonText.quote(out, name);
      out.append(":\"").append(java.util.Base64.getEncoder().encodeToString(value)).append('"');
    }
    out.append('}');
  }
}
