package org.lichen.archive;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lichen.api.image.Entry;
import org.lichen.api.image.Entry.Extent;

/**
 * Writes a pax tar; the same entries always give the same bytes. Extended headers appear only where
 * ustar cannot say it; holes are kept as GNU's sparse form 1.0, which Go reads as well.
 */
public final class TarWriter implements Closeable {
  private static final long MOST_OCTAL_8 = 07777777;
  private static final long MOST_OCTAL_12 = 077777777777L;

  private final OutputStream out;
  private final byte[] chunk = new byte[64 << 10];

  /** Closing this closes {@code out}. */
  public TarWriter(OutputStream out) {
    this.out = out;
  }

  /** Writes an entry with its content. Sockets are left out: a tar cannot say them. */
  public void write(Entry entry) throws IOException {
    if (entry.type() == Entry.Type.SOCKET) {
      return;
    }
    byte[] path = entry.path();
    if (entry.type() == Entry.Type.DIRECTORY
        && (path.length == 0 || path[path.length - 1] != '/')) {
      path = java.util.Arrays.copyOf(path, path.length + 1);
      path[path.length - 1] = '/';
    }
    Map<String, byte[]> pax = new TreeMap<>();
    long stored = entry.type() == Entry.Type.FILE ? entry.size() : 0;
    byte[] map = new byte[0];
    List<Extent> extents = entry.extents();
    if (stored > 0 && !extents.equals(List.of(new Extent(0, stored)))) {
      map = map(extents);
      pax.put("GNU.sparse.major", text("1"));
      pax.put("GNU.sparse.minor", text("0"));
      pax.put("GNU.sparse.name", path);
      pax.put("GNU.sparse.realsize", text(stored));
      stored = map.length + extents.stream().mapToLong(Extent::length).sum();
    }
    extend(pax, entry, path, stored);
    if (!pax.isEmpty()) {
      byte[] records = records(pax);
      header(text("PaxHeaders/entry"), 'x', records.length, 0644, 0, 0, 0, new byte[0], 0, 0);
      out.write(records);
      pad(records.length);
    }
    header(
        path,
        type(entry),
        stored,
        entry.mode(),
        entry.uid(),
        entry.gid(),
        entry.modified().getEpochSecond(),
        entry.link(),
        entry.deviceMajor(),
        entry.deviceMinor());
    if (stored > 0) {
      out.write(map);
      content(entry, stored - map.length);
      pad(stored);
    }
  }

  private static void extend(Map<String, byte[]> pax, Entry entry, byte[] path, long stored)
      throws ArchiveException {
    if (path.length > 100 && !pax.containsKey("GNU.sparse.name")) {
      pax.put("path", path);
    }
    if (entry.link().length > 100) {
      pax.put("linkpath", entry.link());
    }
    if (stored > MOST_OCTAL_12) {
      pax.put("size", text(stored));
    }
    if (entry.uid() > MOST_OCTAL_8) {
      pax.put("uid", text(entry.uid()));
    }
    if (entry.gid() > MOST_OCTAL_8) {
      pax.put("gid", text(entry.gid()));
    }
    time(pax, entry.modified());
    for (Map.Entry<String, byte[]> one : entry.xattrs().entrySet()) {
      if (one.getKey().indexOf('=') >= 0) {
        throw ArchiveException.entry(
            entry.path(), "has an attribute whose name a tar cannot say: " + one.getKey());
      }
      pax.put("SCHILY.xattr." + one.getKey(), one.getValue());
    }
  }

  private static void time(Map<String, byte[]> pax, Instant time) {
    long seconds = time.getEpochSecond();
    int nanos = time.getNano();
    if (nanos != 0 || seconds < 0 || seconds > MOST_OCTAL_12) {
      BigDecimal exact = BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9));
      pax.put("mtime", text(exact.stripTrailingZeros().toPlainString()));
    }
  }

  private static char type(Entry entry) {
    return switch (entry.type()) {
      case FILE -> '0';
      case HARDLINK -> '1';
      case SYMLINK -> '2';
      case CHARACTER_DEVICE -> '3';
      case BLOCK_DEVICE -> '4';
      case DIRECTORY -> '5';
      case FIFO -> '6';
      case SOCKET -> throw new IllegalArgumentException("a tar has no sockets");
    };
  }

  private static byte[] map(List<Extent> extents) {
    StringBuilder map = new StringBuilder().append(extents.size()).append('\n');
    extents.forEach(e -> map.append(e.offset()).append('\n').append(e.length()).append('\n'));
    int padded = (map.length() + TarFields.BLOCK - 1) / TarFields.BLOCK * TarFields.BLOCK;
    return java.util.Arrays.copyOf(text(map), padded);
  }

  /** {@code LENGTH KEY=VALUE\n}, where the length counts its own digits. */
  private static byte[] records(Map<String, byte[]> pax) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pax.forEach(
        (key, value) -> {
          byte[] name = key.getBytes(StandardCharsets.UTF_8);
          int rest = name.length + value.length + 3;
          int length = rest + Integer.toString(rest).length();
          length = rest + Integer.toString(length).length();
          all.writeBytes(text(length + " "));
          all.writeBytes(name);
          all.write('=');
          all.writeBytes(value);
          all.write('\n');
        });
    return all.toByteArray();
  }

  private void header(
      byte[] path,
      char type,
      long size,
      int mode,
      long uid,
      long gid,
      long time,
      byte[] link,
      long major,
      long minor)
      throws IOException {
    byte[] block = new byte[TarFields.BLOCK];
    System.arraycopy(path, 0, block, 0, Math.min(path.length, 100));
    octal(block, 100, 8, mode);
    octal(block, 108, 8, uid);
    octal(block, 116, 8, gid);
    octal(block, 124, 12, size);
    octal(block, 136, 12, Math.max(0, time));
    block[156] = (byte) type;
    System.arraycopy(link, 0, block, 157, Math.min(link.length, 100));
    System.arraycopy(text("ustar\00000"), 0, block, 257, 8);
    octal(block, 329, 8, major);
    octal(block, 337, 8, minor);
    java.util.Arrays.fill(block, 148, 156, (byte) ' ');
    long sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 7, sum);
    out.write(block);
  }

  /** What does not fit is said by the extended header, and is 0 here. */
  private static void octal(byte[] block, int at, int width, long number) {
    String digits = Long.toOctalString(number);
    byte[] text = text("0".repeat(Math.max(0, width - 1 - digits.length())) + digits);
    if (text.length < width) {
      System.arraycopy(text, 0, block, at, text.length);
    } else {
      java.util.Arrays.fill(block, at, at + width - 1, (byte) '0');
    }
  }

  private void content(Entry entry, long length) throws IOException {
    ReadableByteChannel from = entry.content();
    long left = length;
    while (left > 0) {
      ByteBuffer part = ByteBuffer.wrap(chunk, 0, (int) Math.min(chunk.length, left));
      int got = from.read(part);
      if (got < 0) {
        throw ArchiveException.entry(entry.path(), "is cut off");
      }
      out.write(chunk, 0, got);
      left -= got;
    }
  }

  private void pad(long size) throws IOException {
    int rest = (int) (size % TarFields.BLOCK);
    out.write(new byte[TarFields.BLOCK], 0, rest == 0 ? 0 : TarFields.BLOCK - rest);
  }

  private static byte[] text(Object value) {
    return value.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** Writes the two blocks that end a tar. */
  public void finish() throws IOException {
    out.write(new byte[2 * TarFields.BLOCK]);
    out.flush();
  }

  /** Does not finish: a tar that was given up must not look whole. */
  @Override
  public void close() throws IOException {
    out.close();
  }
}
