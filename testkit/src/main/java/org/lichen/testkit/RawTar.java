package org.lichen.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes a tar block by block, and also what no tar program would write. Names are Latin-1, so that
 * every byte can be said.
 */
public final class RawTar {
  private static final int BLOCK = 512;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public RawTar file(String path, String content) {
    return file(path, 0644, content.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawTar file(String path, int mode, byte[] content) {
    return entry(path, '0', mode, "", content.length, content);
  }

  public RawTar directory(String path) {
    return directory(path, 0755);
  }

  public RawTar directory(String path, int mode) {
    return entry(path, '5', mode, "", 0, new byte[0]);
  }

  public RawTar symlink(String path, String target) {
    return entry(path, '2', 0777, target, 0, new byte[0]);
  }

  public RawTar hardlink(String path, String target) {
    return entry(path, '1', 0644, target, 0, new byte[0]);
  }

  public RawTar node(String path, char type) {
    return entry(path, type, 0666, "", 0, new byte[0]);
  }

  /** An entry with a size that need not be that of its content. */
  public RawTar entry(String path, char type, int mode, String link, long size, byte[] content) {
    byte[] name = bytes(path);
    if (name.length > 100) {
      pax("path", path);
    }
    if (bytes(link).length > 100) {
      pax("linkpath", link);
    }
    header(name, type, mode, bytes(link), size);
    return raw(content);
  }

  /** An extended header for the next entry. */
  public RawTar pax(String key, String value) {
    byte[] record = bytes(" " + key + "=" + value + "\n");
    int length = record.length + 1;
    while (Integer.toString(length).length() + record.length != length) {
      length++;
    }
    return header(bytes("pax"), 'x', 0644, new byte[0], length)
        .raw(bytes(length + new String(record, StandardCharsets.ISO_8859_1)));
  }

  private RawTar header(byte[] name, char type, int mode, byte[] link, long size) {
    byte[] block = new byte[BLOCK];
    System.arraycopy(name, 0, block, 0, Math.min(100, name.length));
    text(block, 100, String.format("%07o", mode));
    text(block, 108, "0000000");
    text(block, 116, "0000000");
    text(block, 124, String.format("%011o", size));
    text(block, 136, String.format("%011o", 1_700_000_000L));
    block[156] = (byte) type;
    System.arraycopy(link, 0, block, 157, Math.min(100, link.length));
    text(block, 257, "ustar\00000");
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    text(block, 148, String.format("%06o", sum));
    block[154] = 0;
    out.writeBytes(block);
    return this;
  }

  /** Bytes, padded to a block. */
  public RawTar raw(byte[] content) {
    out.writeBytes(Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK));
    return this;
  }

  private static void text(byte[] block, int at, String text) {
    System.arraycopy(bytes(text), 0, block, at, text.length());
  }

  private static byte[] bytes(String latin) {
    return latin.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The tar with its two blocks of zeros. */
  public byte[] bytes() {
    byte[] all = out.toByteArray();
    return Arrays.copyOf(all, all.length + 2 * BLOCK);
  }

  /** The tar without an end. */
  public byte[] unfinished() {
    return out.toByteArray();
  }
}
