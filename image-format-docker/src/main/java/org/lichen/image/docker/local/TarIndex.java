package org.lichen.image.docker.local;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.lichen.image.docker.model.Text;

/**
 * Where the files of a tar lie in it (POSIX ustar with pax headers, GNU long names): for archives
 * of images, whose parts are read in another order than they are in. Links are followed within the
 * archive only.
 *
 * <pre>
 *   0 name 100 | 124 size 12 | 148 checksum 8 | 156 type 1 | 157 link 100 | 257 magic 6 | 345 prefix 155
 * </pre>
 */
final class TarIndex {
  static final int BLOCK = 512;

  /** An image has some hundred files; what has more than this is none, and would eat memory. */
  private static final int MOST_ENTRIES = 200_000;

  private static final int LONGEST_HEADER = 1 << 20;
  private static final int MOST_LINKS = 16;

  private final Map<String, Part> parts = new HashMap<>();

  /** Where a file lies, or what it is a link to. */
  record Part(long offset, long size, String link) {}

  private TarIndex() {}

  static TarIndex of(SeekableByteChannel tar) throws IOException {
    TarIndex index = new TarIndex();
    index.scan(tar);
    return index;
  }

  /** The file of a name, behind links. */
  Optional<Part> find(String name) {
    String at = normal(name);
    for (int i = 0; i < MOST_LINKS; i++) {
      Part part = parts.get(at);
      if (part == null || part.link().isEmpty()) {
        return Optional.ofNullable(part);
      }
      at = part.link();
    }
    return Optional.empty();
  }

  Iterable<String> names() {
    return parts.keySet();
  }

  private void scan(SeekableByteChannel tar) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    Map<String, String> extra = new HashMap<>();
    for (long at = 0; ; ) {
      tar.position(at);
      block.clear();
      if (!fill(tar, block) || TarHeader.empty(block)) {
        return;
      }
      TarHeader header = TarHeader.parse(block, at);
      long size = extra.containsKey("size") ? number(extra.get("size"), at) : header.size();
      long data = at + BLOCK;
      if (size > tar.size() - data) {
        throw new EOFException("the archive ends within " + Text.clean(header.name()));
      }
      at = data + (size + BLOCK - 1) / BLOCK * BLOCK;
      if (header.extended()) {
        read(tar, header, data, size, extra);
        continue;
      }
      add(header, data, size, extra);
      extra.clear();
    }
  }

  private static long number(String text, long at) throws IOException {
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException odd) {
      // said below
    }
    throw new IOException("the size of the entry at byte " + at + " is not a number");
  }

  private void add(TarHeader header, long data, long size, Map<String, String> extra)
      throws IOException {
    String name = normal(extra.getOrDefault("path", header.name()));
    String target = extra.getOrDefault("linkpath", header.link());
    switch (header.type()) {
      case '0', '\0', '7' -> parts.put(name, new Part(data, size, ""));
      case '1' -> parts.put(name, new Part(0, 0, normal(target)));
      case '2' -> {
        int slash = name.lastIndexOf('/');
        String base = target.startsWith("/") || slash < 0 ? "" : name.substring(0, slash + 1);
        parts.put(name, new Part(0, 0, normal(base + target)));
      }
      default -> {}
    }
    if (parts.size() > MOST_ENTRIES) {
      throw new IOException("it has more than " + MOST_ENTRIES + " files, it is no image");
    }
  }

  private static void read(
      SeekableByteChannel tar, TarHeader header, long at, long size, Map<String, String> extra)
      throws IOException {
    if (header.type() == 'g') {
      return; // global headers say nothing of names and sizes
    }
    if (size > LONGEST_HEADER) {
      throw new IOException("the header at byte " + at + " is longer than " + LONGEST_HEADER);
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) size);
    tar.position(at);
    if (!fill(tar, bytes)) {
      throw new EOFException("the archive ends within a header");
    }
    switch (header.type()) {
      case 'L' -> extra.put("path", TarHeader.text(bytes, 0, bytes.capacity()));
      case 'K' -> extra.put("linkpath", TarHeader.text(bytes, 0, bytes.capacity()));
      default -> pax(bytes.array(), at, extra);
    }
  }

  /** Records of the form {@code LENGTH KEY=VALUE\n}, whose length counts all of it. */
  private static void pax(byte[] bytes, long at, Map<String, String> extra) throws IOException {
    for (int from = 0; from < bytes.length; ) {
      int space = from;
      int length = 0;
      while (space < bytes.length
          && bytes[space] >= '0'
          && bytes[space] <= '9'
          && length < 1 << 20) {
        length = length * 10 + bytes[space++] - '0';
      }
      if (length <= space - from || length > bytes.length - from || bytes[space] != ' ') {
        throw new IOException("the pax header at byte " + at + " is damaged");
      }
      int start = space + 1;
      String record = new String(bytes, start, from + length - start, StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals > 0 && record.endsWith("\n")) {
        extra.put(record.substring(0, equals), record.substring(equals + 1, record.length() - 1));
      }
      from += length;
    }
  }

  private static boolean fill(ReadableByteChannel from, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (from.read(into) < 0) {
        return false;
      }
    }
    return true;
  }

  /** A name without {@code .}, {@code ..} and double slashes: never above the root. */
  static String normal(String name) {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : name.split("/", -1)) {
      switch (part) {
        case "", "." -> {}
        case ".." -> parts.pollLast();
        default -> parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }
}
