package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The fields of one tar header that an index needs (POSIX.1 pax, "ustar Interchange Format"). */
record TarHeader(String name, char type, long size, String link) {
  static TarHeader parse(ByteBuffer block, long at) throws IOException {
    if (!checked(block)) {
      throw new IOException("there is no tar header at byte " + at);
    }
    boolean posix = text(block, 257, 6).equals("ustar");
    String prefix = posix && block.get(262) == 0 ? text(block, 345, 155) : "";
    String name = text(block, 0, 100);
    long size = number(block, 124, 12);
    char type = (char) (block.get(156) & 0xff);
    if (size < 0) {
      throw new IOException("the size of the entry at byte " + at + " is not a number");
    }
    boolean bodyless = type >= '1' && type <= '6';
    return new TarHeader(
        prefix.isEmpty() ? name : prefix + "/" + name,
        type,
        bodyless ? 0 : size,
        text(block, 157, 100));
  }

  /** Whether it speaks of the entry that follows. */
  boolean extended() {
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
  }

  static boolean empty(ByteBuffer block) {
    for (int i = 0; i < TarIndex.BLOCK; i++) {
      if (block.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether the checksum is right, as it is in nothing but a tar. */
  static boolean checked(ByteBuffer block) {
    long sum = 0;
    for (int i = 0; i < TarIndex.BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : block.get(i) & 0xff;
    }
    return sum == number(block, 148, 8);
  }

  static String text(ByteBuffer block, int from, int length) {
    int end = from;
    while (end < from + length && block.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - from];
    block.get(from, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Octal digits, or base 256 where the first bit is set (GNU); -1 if it is neither. */
  private static long number(ByteBuffer block, int from, int length) {
    if ((block.get(from) & 0x80) != 0) {
      long value = 0;
      for (int i = from + length - 8; i < from + length; i++) {
        value = (value << 8) | (block.get(i) & 0xff);
      }
      return block.get(from) == (byte) 0x80 ? value : -1;
    }
    String digits = text(block, from, length).strip();
    return digits.matches("[0-7]{0,21}") ? digits.isEmpty() ? 0 : Long.parseLong(digits, 8) : -1;
  }
}
