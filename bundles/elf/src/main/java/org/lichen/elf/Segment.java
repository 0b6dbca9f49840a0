package org.lichen.elf;

import java.nio.ByteBuffer;

/** A program header (gABI 5). */
record Segment(
    int type, int flags, long offset, long vaddr, long paddr, long filesz, long memsz, long align) {
  static final int LOAD = 1;
  static final int DYNAMIC = 2;
  static final int INTERP = 3;
  static final int PHDR = 6;
  static final int WRITE = 2;
  static final int READ = 4;

  static Segment read(Format format, ByteBuffer in, int at) {
    int word = format.word();
    int offset = at + (format.wide() ? 8 : 4);
    return new Segment(
        in.getInt(at),
        in.getInt(at + (format.wide() ? 4 : 24)),
        format.word(in, offset),
        format.word(in, offset + word),
        format.word(in, offset + 2 * word),
        format.word(in, offset + 3 * word),
        format.word(in, offset + 4 * word),
        format.word(in, at + (format.wide() ? 48 : 28)));
  }

  void write(Format format, ByteBuffer out, int at) {
    int word = format.word();
    int place = at + (format.wide() ? 8 : 4);
    out.putInt(at, type);
    out.putInt(at + (format.wide() ? 4 : 24), flags);
    format.word(out, place, offset);
    format.word(out, place + word, vaddr);
    format.word(out, place + 2 * word, paddr);
    format.word(out, place + 3 * word, filesz);
    format.word(out, place + 4 * word, memsz);
    format.word(out, at + (format.wide() ? 48 : 28), align);
  }

  /** The same, of this size at another place. */
  Segment at(long newOffset, long newAddress, long size) {
    return new Segment(type, flags, newOffset, newAddress, newAddress, size, size, align);
  }

  /** Whether these bytes of memory come from the file. */
  boolean holds(long address, long size) {
    long from = address - vaddr;
    return type == LOAD
        && Long.compareUnsigned(from, filesz) <= 0
        && Long.compareUnsigned(size, filesz - from) <= 0;
  }
}
