package org.lichen.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.api.image.Entry.Extent;
import org.lichen.api.image.EntryStream;

/**
 * Reads a tar: V7, ustar, pax with global headers, GNU with long names, big numbers and sparse
 * files of every form (old GNU, 0.0, 0.1, 1.0). Names are bytes. At the end the stream is read to
 * its own end, so that whoever computes a digest of it sees all of it.
 */
public final class TarReader implements EntryStream {
  /** Long names and extended headers larger than this are refused. */
  private static final int MOST_HEADER = 1 << 20;

  private final InputStream in;
  private final byte[] block = new byte[TarFields.BLOCK];
  private final byte[] chunk = new byte[128 << 10];
  private final Pax global = new Pax();
  private long offset;
  private long left;
  private int padding;
  private boolean ended;

  /** Closing this closes {@code in}. */
  public TarReader(InputStream in) {
    this.in = in;
  }

  @Override
  public Optional<Entry> next() throws IOException {
    skip(left);
    left = 0;
    padding();
    Pax pax = new Pax();
    Optional<byte[]> longName = Optional.empty();
    Optional<byte[]> longLink = Optional.empty();
    while (header()) {
      TarFields fields = new TarFields(block.clone(), offset - TarFields.BLOCK);
      switch (fields.type()) {
        case 'g' -> global.read(text(fields), offset);
        case 'x', 'X' -> pax.read(text(fields), offset);
        case 'L' -> longName = Optional.of(untilNul(text(fields)));
        case 'K' -> longLink = Optional.of(untilNul(text(fields)));
        case 'V', 'I' -> skip(padded(fields.size())); // volume label; Solaris inode metadata
        default -> {
          return Optional.of(entry(fields, pax.over(global), longName, longLink));
        }
      }
    }
    return Optional.empty();
  }

  /** What fills the last block of a content. The last one of an archive may lack it: umoci does. */
  private void padding() throws IOException {
    int got = in.readNBytes(chunk, 0, padding);
    offset += got;
    ended |= padding > 0 && got == 0;
    if (got > 0 && got < padding) {
      throw new ArchiveException("tar is cut off at byte " + offset);
    }
    padding = 0;
  }

  private Entry entry(
      TarFields fields, Pax pax, Optional<byte[]> longName, Optional<byte[]> longLink)
      throws IOException {
    byte[] path =
        pax.bytes("GNU.sparse.name")
            .or(() -> pax.bytes("path"))
            .or(() -> longName)
            .orElseGet(fields::name);
    byte[] link = pax.bytes("linkpath").or(() -> longLink).orElseGet(fields::link);
    try {
      Entry.Type type = type(fields, path);
      boolean hasContent = type == Entry.Type.FILE;
      long stored = hasContent ? pax.number("size", fields.size()) : 0;
      left = stored;
      padding = (int) (padded(stored) - stored);
      long size = stored;
      List<Extent> extents = stored == 0 ? List.of() : List.of(new Extent(0, stored));
      if (hasContent && (fields.type() == 'S' || sparse(pax))) {
        size = realSize(fields, pax);
        extents = extents(fields, pax).checked(size, left);
      }
      return new TarEntry(
          path,
          type,
          fields.mode(),
          pax.number("uid", fields.uid()),
          pax.number("gid", fields.gid()),
          pax.time("mtime", Instant.ofEpochSecond(fields.time())),
          type == Entry.Type.SYMLINK || type == Entry.Type.HARDLINK ? link : new byte[0],
          pax.number("SCHILY.devmajor", fields.major()),
          pax.number("SCHILY.devminor", fields.minor()),
          Map.copyOf(pax.xattrs()),
          size,
          extents,
          new Content());
    } catch (ArchiveException e) {
      throw ArchiveException.entry(path, "is damaged: " + e.getMessage());
    }
  }

  private static Entry.Type type(TarFields fields, byte[] path) throws ArchiveException {
    return switch (fields.type()) {
      // V7 marks a directory by its name alone.
      case '0', 0, '7', 'S' ->
          path.length > 0 && path[path.length - 1] == '/' && fields.size() == 0
              ? Entry.Type.DIRECTORY
              : Entry.Type.FILE;
      case '1' -> Entry.Type.HARDLINK;
      case '2' -> Entry.Type.SYMLINK;
      case '3' -> Entry.Type.CHARACTER_DEVICE;
      case '4' -> Entry.Type.BLOCK_DEVICE;
      case '5' -> Entry.Type.DIRECTORY;
      case '6' -> Entry.Type.FIFO;
      default -> throw new ArchiveException("type '" + fields.type() + "' is not known");
    };
  }

  private static boolean sparse(Pax pax) {
    return pax.bytes("GNU.sparse.size").isPresent() || pax.bytes("GNU.sparse.realsize").isPresent();
  }

  private static long realSize(TarFields fields, Pax pax) throws ArchiveException {
    return fields.type() == 'S'
        ? fields.number(483, 12)
        : pax.number("GNU.sparse.realsize", pax.number("GNU.sparse.size", 0));
  }

  private Sparse extents(TarFields fields, Pax pax) throws IOException {
    Sparse sparse = new Sparse();
    if (fields.type() == 'S') {
      boolean more = oldGnu(block, 386, 4, 482, sparse);
      while (more) {
        // Extension blocks come before the data and do not count in the size.
        full(block);
        more = oldGnu(block, 0, 21, 504, sparse);
      }
    } else if (pax.number("GNU.sparse.major", 0) == 1) {
      mapInData(sparse);
    } else if (pax.bytes("GNU.sparse.map").isPresent()) {
      String[] numbers =
          new String(pax.bytes("GNU.sparse.map").get(), java.nio.charset.StandardCharsets.US_ASCII)
              .split(",", -1);
      for (int i = 0; i + 1 < numbers.length; i += 2) {
        sparse.add(decimal(numbers[i]), decimal(numbers[i + 1]));
      }
    } else {
      List<Long> pairs = pax.extents();
      for (int i = 0; i + 1 < pairs.size(); i += 2) {
        sparse.add(pairs.get(i), pairs.get(i + 1));
      }
    }
    return sparse;
  }

  private boolean oldGnu(byte[] from, int at, int count, int more, Sparse sparse)
      throws ArchiveException {
    for (int i = at; i < at + count * 24 && from[i] != 0; i += 24) {
      sparse.add(TarFields.number(from, i, 12, offset), TarFields.number(from, i + 12, 12, offset));
    }
    return from[more] != 0;
  }

  /** Form 1.0: the map is decimal lines before the data, padded to a block, counted in the size. */
  private void mapInData(Sparse sparse) throws IOException {
    long start = left;
    long count = line();
    for (long i = 0; i < count; i++) {
      long at = line();
      sparse.add(at, line());
    }
    long rest = padded(start - left) - (start - left);
    left -= rest;
    skip(rest);
    if (left < 0) {
      throw new ArchiveException("its map of holes is cut off");
    }
  }

  private long line() throws IOException {
    StringBuilder text = new StringBuilder();
    while (true) {
      int b = left-- > 0 ? in.read() : -1;
      offset++;
      if (b == '\n') {
        return decimal(text.toString());
      }
      if (b < '0' || b > '9' || text.length() > 19) {
        throw new ArchiveException("its map of holes is damaged");
      }
      text.append((char) b);
    }
  }

  private static long decimal(String text) throws ArchiveException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new ArchiveException("its map of holes is damaged", e);
    }
  }

  /** Reads the next header block; false at the end of the archive. */
  private boolean header() throws IOException {
    if (ended) {
      return false;
    }
    int got = in.readNBytes(block, 0, block.length);
    offset += got;
    // Without its two blocks of zeros a tar is accepted, as every tar does, if it ends at a block.
    if (got == 0 || got == block.length && zeros()) {
      ended = true;
      while (in.read(chunk, 0, chunk.length) >= 0) {}
      return false;
    }
    if (got < block.length) {
      throw new ArchiveException("tar is cut off at byte " + offset);
    }
    return true;
  }

  private boolean zeros() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private byte[] text(TarFields fields) throws IOException {
    long size = fields.size();
    if (size > MOST_HEADER) {
      throw new ArchiveException(
          "tar is damaged at byte " + offset + ": an extended header of " + size + " bytes");
    }
    byte[] text = new byte[(int) size];
    full(text);
    skip(padded(size) - size);
    return text;
  }

  private static byte[] untilNul(byte[] text) {
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return Arrays.copyOf(text, end);
  }

  private static long padded(long size) throws ArchiveException {
    if (size > Long.MAX_VALUE - TarFields.BLOCK) {
      throw new ArchiveException("size " + size + " cannot be");
    }
    return (size + TarFields.BLOCK - 1) / TarFields.BLOCK * TarFields.BLOCK;
  }

  private void full(byte[] to) throws IOException {
    int got = in.readNBytes(to, 0, to.length);
    offset += got;
    if (got < to.length) {
      throw new ArchiveException("tar is cut off at byte " + offset);
    }
  }

  private void skip(long bytes) throws IOException {
    long rest = bytes;
    while (rest > 0) {
      int got = in.read(chunk, 0, (int) Math.min(rest, chunk.length));
      if (got < 0) {
        throw new ArchiveException("tar is cut off at byte " + offset);
      }
      offset += got;
      rest -= got;
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** What is left of the content of the entry that was read last. */
  private final class Content implements ReadableByteChannel {
    @Override
    public int read(ByteBuffer to) throws IOException {
      int want = (int) Math.min(Math.min(to.remaining(), left), chunk.length);
      if (want == 0) {
        return to.hasRemaining() ? -1 : 0;
      }
      int got = in.read(chunk, 0, want);
      if (got < 0) {
        throw new ArchiveException("tar is cut off at byte " + offset);
      }
      offset += got;
      left -= got;
      to.put(chunk, 0, got);
      return got;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
