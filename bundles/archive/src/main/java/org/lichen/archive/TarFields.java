package org.lichen.archive;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * One block of a tar as a header (POSIX.1-1988 ustar, GNU).
 *
 * <pre>
 *   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8
 *   156 type 1 | 157 link 100 | 257 magic 8 | 265 user 32 | 297 group 32 | 329 major 8 | 337 minor 8
 *   345 prefix 155 (ustar), or from 386 four extents of 24, 482 more follow, 483 real size 12 (GNU)
 * </pre>
 */
final class TarFields {
  static final int BLOCK = 512;

  private final byte[] block;
  private final long offset;

  /** {@code offset}: of the block in the tar, for messages. */
  TarFields(byte[] block, long offset) throws ArchiveException {
    this.block = block;
    this.offset = offset;
    verify();
  }

  /** Old writers sum signed characters; both are accepted, as every tar does. */
  private void verify() throws ArchiveException {
    long unsigned = 0;
    long signed = 0;
    for (int i = 0; i < BLOCK; i++) {
      byte b = i >= 148 && i < 156 ? (byte) ' ' : block[i];
      unsigned += b & 0xff;
      signed += b;
    }
    long said = number(148, 8);
    if (said != unsigned && said != signed) {
      throw new ArchiveException("tar is damaged at byte " + offset + ": header checksum differs");
    }
  }

  char type() {
    return (char) (block[156] & 0xff);
  }

  byte[] name() {
    byte[] name = text(0, 100);
    byte[] prefix = posix() ? text(345, 155) : new byte[0];
    if (prefix.length == 0) {
      return name;
    }
    byte[] whole = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    whole[prefix.length] = '/';
    System.arraycopy(name, 0, whole, prefix.length + 1, name.length);
    return whole;
  }

  byte[] link() {
    return text(157, 100);
  }

  int mode() throws ArchiveException {
    return (int) number(100, 8) & 07777;
  }

  long uid() throws ArchiveException {
    return number(108, 8);
  }

  long gid() throws ArchiveException {
    return number(116, 8);
  }

  long size() throws ArchiveException {
    long size = number(124, 12);
    if (size < 0) {
      throw new ArchiveException("tar is damaged at byte " + offset + ": size is negative");
    }
    return size;
  }

  long time() throws ArchiveException {
    return number(136, 12);
  }

  long major() throws ArchiveException {
    return type() == '3' || type() == '4' ? number(329, 8) : 0;
  }

  long minor() throws ArchiveException {
    return type() == '3' || type() == '4' ? number(337, 8) : 0;
  }

  /** GNU has other things where ustar has the prefix. */
  private boolean posix() {
    return Arrays.equals(block, 257, 263, new byte[] {'u', 's', 't', 'a', 'r', 0}, 0, 6);
  }

  private byte[] text(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(block, at, end);
  }

  long number(int at, int length) throws ArchiveException {
    return number(block, at, length, offset);
  }

  /** Octal text; or, with the highest bit of the first byte set, a big number in base 256 (GNU). */
  static long number(byte[] block, int at, int length, long offset) throws ArchiveException {
    if (block[at] < 0) {
      byte[] big = Arrays.copyOfRange(block, at, at + length);
      big[0] = (byte) ((big[0] & 0x40) != 0 ? big[0] : big[0] & 0x7f);
      try {
        return new BigInteger(big).longValueExact();
      } catch (ArithmeticException e) {
        throw damaged(offset, at);
      }
    }
    long value = 0;
    int i = at;
    while (i < at + length && (block[i] == ' ' || block[i] == 0)) {
      i++;
    }
    for (; i < at + length && block[i] != ' ' && block[i] != 0; i++) {
      if (block[i] < '0' || block[i] > '7' || value > Long.MAX_VALUE >> 3) {
        throw damaged(offset, at);
      }
      value = value << 3 | block[i] - '0';
    }
    return value;
  }

  private static ArchiveException damaged(long offset, int at) {
    return new ArchiveException("tar is damaged at byte " + (offset + at) + ": not a number");
  }
}
