package org.lichen.image.singularity.write;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;

/**
 * Writes entries as a tar for {@code mksquashfs -tar}: ustar, with a pax header (POSIX 1003.1,
 * "pax") where a field is too small, and for attributes as GNU tar writes them.
 */
final class TarStream {
  private static final int BLOCK = 512;
  private static final int NAME = 100;

  private final OutputStream out;
  private final byte[] chunk = new byte[256 << 10];

  TarStream(OutputStream out) {
    this.out = out;
  }

  void write(EntryStream entries) throws IOException {
    for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
      write(next.get());
    }
    out.write(new byte[2 * BLOCK]);
    out.flush();
  }

  private void write(Entry entry) throws IOException {
    Map<String, byte[]> more = new TreeMap<>();
    tooLong(more, "path", entry.path());
    tooLong(more, "linkpath", entry.link());
    tooLarge(more, "size", entry.size(), 11);
    tooLarge(more, "uid", entry.uid(), 7);
    tooLarge(more, "gid", entry.gid(), 7);
    entry.xattrs().forEach((name, value) -> more.put("SCHILY.xattr." + name, value));
    if (!more.isEmpty()) {
      byte[] records = records(more);
      out.write(header(bytes("pax"), 'x', records.length));
      out.write(records);
      pad(records.length);
    }
    byte[] header = header(entry.path(), type(entry), entry.size());
    octal(header, 100, 8, entry.mode());
    octal(header, 108, 8, entry.uid());
    octal(header, 116, 8, entry.gid());
    octal(header, 136, 12, entry.modified().getEpochSecond());
    System.arraycopy(entry.link(), 0, header, 157, Math.min(NAME, entry.link().length));
    octal(header, 329, 8, entry.deviceMajor());
    octal(header, 337, 8, entry.deviceMinor());
    out.write(summed(header));
    content(entry);
    pad(entry.size());
  }

  private static char type(Entry entry) {
    return switch (entry.type()) {
      case FILE -> '0';
      case HARDLINK -> '1';
      case SYMLINK -> '2';
      case CHARACTER_DEVICE -> '3';
      case BLOCK_DEVICE -> '4';
      case DIRECTORY -> '5';
      case FIFO, SOCKET -> '6'; // a tar has no sockets
    };
  }

  private static void tooLong(Map<String, byte[]> more, String key, byte[] text) {
    if (text.length > NAME) {
      more.put(key, text);
    }
  }

  private static void tooLarge(Map<String, byte[]> more, String key, long number, int digits) {
    if (Long.toOctalString(number).length() > digits) {
      more.put(key, bytes(Long.toString(number)));
    }
  }

  /** Each says its own length. */
  private static byte[] records(Map<String, byte[]> pairs) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pairs.forEach(
        (key, value) -> {
          byte[] name = bytes(key);
          int rest = name.length + value.length + 3;
          int length = rest + Integer.toString(rest).length();
          length = rest + Integer.toString(length).length();
          all.writeBytes(bytes(length + " "));
          all.writeBytes(name);
          all.write('=');
          all.writeBytes(value);
          all.write('\n');
        });
    return all.toByteArray();
  }

  private static byte[] header(byte[] path, char type, long size) {
    byte[] header = new byte[BLOCK];
    System.arraycopy(path, 0, header, 0, Math.min(NAME, path.length));
    octal(header, 100, 8, 0644);
    octal(header, 124, 12, size);
    header[156] = (byte) type;
    System.arraycopy(bytes("ustar\00000"), 0, header, 257, 8);
    return type == 'x' ? summed(header) : header;
  }

  private static byte[] summed(byte[] header) {
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    octal(header, 148, 7, sum);
    return header;
  }

  /** What does not fit is said by the pax header. */
  private static void octal(byte[] header, int at, int width, long number) {
    String digits = Long.toOctalString(Math.max(0, number));
    if (digits.length() < width) {
      byte[] text = bytes("0".repeat(width - 1 - digits.length()) + digits);
      System.arraycopy(text, 0, header, at, text.length);
    }
  }

  private void content(Entry entry) throws IOException {
    long at = 0;
    for (Entry.Extent extent : entry.extents()) {
      zeros(extent.offset() - at);
      copy(entry.content(), extent.length());
      at = extent.offset() + extent.length();
    }
    zeros(entry.size() - at);
  }

  private void copy(ReadableByteChannel from, long length) throws IOException {
    for (long left = length; left > 0; ) {
      int got = from.read(ByteBuffer.wrap(chunk, 0, (int) Math.min(left, chunk.length)));
      if (got < 0) {
        throw new IOException("a file is cut off");
      }
      out.write(chunk, 0, got);
      left -= got;
    }
  }

  private void zeros(long length) throws IOException {
    byte[] some = new byte[(int) Math.min(length, chunk.length)];
    for (long left = length; left > 0; left -= Math.min(left, chunk.length)) {
      out.write(some, 0, (int) Math.min(left, chunk.length));
    }
  }

  private void pad(long size) throws IOException {
    out.write(new byte[(int) Math.floorMod(-size, (long) BLOCK)]);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
