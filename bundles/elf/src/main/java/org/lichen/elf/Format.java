package org.lichen.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Size and order of the words of one file (gABI 4, e_ident), and what follows from the size. */
record Format(boolean wide, ByteOrder order) {
  static final int IDENT = 16;
  static final int TYPE = 16;
  static final int MACHINE = 18;

  int header() {
    return wide ? 64 : 52;
  }

  int phoff() {
    return wide ? 32 : 28;
  }

  int shoff() {
    return wide ? 40 : 32;
  }

  int phentsize() {
    return wide ? 54 : 42;
  }

  int phnum() {
    return wide ? 56 : 44;
  }

  int shentsize() {
    return wide ? 58 : 46;
  }

  int shnum() {
    return wide ? 60 : 48;
  }

  int segment() {
    return wide ? 56 : 32;
  }

  int section() {
    return wide ? 64 : 40;
  }

  int dynamic() {
    return 2 * word();
  }

  int word() {
    return wide ? 8 : 4;
  }

  ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(order);
  }

  long word(ByteBuffer in, int at) {
    return wide ? in.getLong(at) : Integer.toUnsignedLong(in.getInt(at));
  }

  void word(ByteBuffer out, int at, long value) {
    if (wide) {
      out.putLong(at, value);
    } else {
      out.putInt(at, (int) value);
    }
  }

  static int half(ByteBuffer in, int at) {
    return Short.toUnsignedInt(in.getShort(at));
  }

  static long unsigned(ByteBuffer in, int at) {
    return Integer.toUnsignedLong(in.getInt(at));
  }
}
