package org.lichen.devices.driver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What glibc's loader knows of libraries: /etc/ld.so.cache (sysdeps/generic/dl-cache.h). Offsets of
 * texts are from the beginning of the magic; a cache of the old format may stand before it.
 *
 * <pre>
 *   magic "glibc-ld.so.cache1.1" 20, count 4, bytes of texts 4, flags 1, 3, extensions 4, 12
 *   count times: flags 4, name 4, path 4, OS version 4, hardware 8
 *   old: "ld.so-1.7.0" 12, count 4, count times: flags 4, name 4, path 4; filled up to 8
 * </pre>
 */
public record LinkerCache(List<Library> libraries) {
  private static final byte[] MAGIC = "glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OLD_MAGIC = "ld.so-1.7.0".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 48;
  private static final int ENTRY = 24;
  private static final int OLD_HEADER = 16;
  private static final int OLD_ENTRY = 12;
  private static final int LARGEST = 64 << 20;

  /** FLAG_ELF_LIBC6, and what glibc adds for the architecture. */
  private static final int X86_64 = 0x0303;

  private static final int AARCH64 = 0x0a03;

  /** {@code flags}: of what kind and for which architecture; {@code plain}: on any processor. */
  public record Library(String name, String path, int flags, boolean plain) {
    /** Whether it is for 64-bit programs of this architecture. */
    public boolean fits() {
      boolean arm = System.getProperty("os.arch", "").equals("aarch64");
      return flags == (arm ? AARCH64 : X86_64);
    }
  }

  public LinkerCache {
    libraries = List.copyOf(libraries);
  }

  /**
   * Reads a cache, in its order, which is that of preference.
   *
   * @throws IOException if it is none, or damaged; the message says where
   */
  public static LinkerCache read(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw new IOException(file + " is larger than any such cache");
    }
    return read(Files.readAllBytes(file), file.toString());
  }

  /** The same of what a file has in it; {@code label} is for messages. */
  public static LinkerCache read(byte[] bytes, String label) throws IOException {
    int start = start(bytes, label);
    ByteBuffer in =
        ByteBuffer.wrap(bytes, start, bytes.length - start).slice().order(ByteOrder.LITTLE_ENDIAN);
    if (in.limit() < HEADER) {
      throw damaged(label, start, "it ends in its header");
    }
    int count = in.getInt(MAGIC.length);
    if (count < 0 || count > (in.limit() - HEADER) / ENTRY) {
      throw damaged(
          label, start + MAGIC.length, Integer.toUnsignedString(count) + " entries do not fit");
    }
    List<Library> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = HEADER + i * ENTRY;
      found.add(
          new Library(
              text(in, at + 4, start, label),
              text(in, at + 8, start, label),
              in.getInt(at),
              in.getLong(at + 16) == 0));
    }
    return new LinkerCache(found);
  }

  private static int start(byte[] bytes, String label) throws IOException {
    if (begins(bytes, 0, MAGIC)) {
      return 0;
    }
    if (begins(bytes, 0, OLD_MAGIC) && bytes.length >= OLD_HEADER) {
      int count = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
      long end = (OLD_HEADER + Integer.toUnsignedLong(count) * OLD_ENTRY + 7) / 8 * 8;
      if (end <= bytes.length && begins(bytes, (int) end, MAGIC)) {
        return (int) end;
      }
    }
    throw damaged(label, 0, "it does not begin as a cache of glibc does");
  }

  private static boolean begins(byte[] bytes, int at, byte[] magic) {
    return bytes.length - at >= magic.length
        && ByteBuffer.wrap(bytes, at, magic.length).equals(ByteBuffer.wrap(magic));
  }

  private static String text(ByteBuffer in, int field, int start, String label) throws IOException {
    int from = in.getInt(field);
    int end = from;
    while (end >= 0 && end < in.limit() && in.get(end) != 0) {
      end++;
    }
    if (from < HEADER || end < from || end >= in.limit()) {
      throw damaged(label, start + field, "the text that is named there is outside of the file");
    }
    byte[] text = new byte[end - from];
    in.get(from, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static IOException damaged(String label, int at, String why) {
    return new IOException(
        "cannot read the loader's cache " + label + " (at byte " + at + "): " + why);
  }
}
