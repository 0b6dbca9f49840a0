package org.lichen.archive;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where an entry wants to be, relative to the root: components that are names, none of them empty,
 * {@code .} or {@code ..}. A leading slash and {@code ./} are taken away, as tar does.
 */
record EntryPath(List<byte[]> names) {
  private static final int PATH_MAX = 4096;
  private static final int NAME_MAX = 255;

  static EntryPath of(byte[] path, byte[] entry) throws ArchiveException {
    if (path.length >= PATH_MAX) {
      throw ArchiveException.entry(entry, "has a path of " + path.length + " bytes, too long");
    }
    List<byte[]> names = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i < path.length && path[i] == 0) {
        throw ArchiveException.entry(entry, "has a NUL in its path");
      }
      if (i == path.length || path[i] == '/') {
        add(names, Arrays.copyOfRange(path, from, i), entry);
        from = i + 1;
      }
    }
    return new EntryPath(names);
  }

  private static void add(List<byte[]> names, byte[] name, byte[] entry) throws ArchiveException {
    if (name.length == 2 && name[0] == '.' && name[1] == '.') {
      throw ArchiveException.entry(entry, "has a '..' in its path");
    }
    if (name.length > NAME_MAX) {
      throw ArchiveException.entry(
          entry, "has a name of " + name.length + " bytes, 255 are possible");
    }
    if (name.length > 1 || name.length == 1 && name[0] != '.') {
      names.add(name);
    }
  }

  boolean isRoot() {
    return names.isEmpty();
  }

  byte[] name() {
    return names.get(names.size() - 1);
  }

  EntryPath parent() {
    return new EntryPath(names.subList(0, names.size() - 1));
  }

  EntryPath child(byte[] name) {
    List<byte[]> more = new ArrayList<>(names);
    more.add(name);
    return new EntryPath(more);
  }

  /** Joined by slashes; empty for the root. */
  byte[] bytes() {
    int length = Math.max(0, names.size() - 1);
    for (byte[] name : names) {
      length += name.length;
    }
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] name : names) {
      if (at > 0) {
        all[at++] = '/';
      }
      System.arraycopy(name, 0, all, at, name.length);
      at += name.length;
    }
    return all;
  }

  /** The same as a key of maps: one character for each byte. */
  String key() {
    return new String(bytes(), StandardCharsets.ISO_8859_1);
  }
}
