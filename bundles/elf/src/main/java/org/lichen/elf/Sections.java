package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The section headers (gABI 4). No loader reads them; they follow what moves, for the sake of
 * debuggers, strip and readelf. A file may have none.
 */
final class Sections {
  private static final int PROGBITS = 1;
  private static final int STRTAB = 3;
  private static final int DYNAMIC = 6;
  private static final int VERNEED = 0x6ffffffe;

  private final Format format;
  private final long offset;
  private final ByteBuffer table;
  private boolean changed;

  Sections(Elf elf) throws IOException {
    format = elf.format();
    offset = format.word(elf.header(), format.shoff());
    if (offset == 0) {
      table = format.buffer(0);
      return;
    }
    int size = format.section();
    if (Format.half(elf.header(), format.shentsize()) != size) {
      throw new ElfException(format.shentsize(), "e_shentsize", "it must be " + size);
    }
    long count = Format.half(elf.header(), format.shnum());
    if (count == 0) { // there are more than the field can say: the first section has the number
      count = word(elf.in().read(format, offset, size, "e_shoff"), 0, 3);
    }
    if (count < 0 || count > elf.in().size() / size) {
      throw new ElfException(offset, "e_shnum", "the file is too short for " + count);
    }
    table = elf.in().read(format, offset, count * size, "e_shoff");
  }

  void dynamic(Place to) {
    for (int at = 0; at < table.limit(); at += format.section()) {
      if (type(at) == DYNAMIC) {
        move(at, to);
      }
    }
  }

  void strings(long address, Place to) {
    for (int at = 0; at < table.limit(); at += format.section()) {
      if (type(at) == STRTAB && word(table, at, 1) == address) {
        move(at, to);
      }
    }
  }

  void interpreter(long address, Place to) {
    for (int at = 0; at < table.limit(); at += format.section()) {
      if (type(at) == PROGBITS && word(table, at, 1) == address) {
        move(at, to);
      }
    }
  }

  /** The first {@code distance} bytes are no part of the chain any more. */
  void versions(int count, long distance) {
    for (int at = 0; at < table.limit(); at += format.section()) {
      if (type(at) == VERNEED) {
        move(
            at,
            new Place(
                word(table, at, 2) + distance,
                word(table, at, 1) + distance,
                word(table, at, 3) - distance));
        table.putInt(at + 8 + 4 * format.word() + 4, count);
      }
    }
  }

  /** The table, if anything in it has changed. */
  Optional<Write> write() {
    return changed ? Optional.of(new Write(offset, table)) : Optional.empty();
  }

  private int type(int at) {
    return table.getInt(at + 4);
  }

  /** Of sh_flags, sh_addr, sh_offset, sh_size the one with this number. */
  private long word(ByteBuffer in, int at, int number) {
    return format.word(in, at + 8 + number * format.word());
  }

  private void move(int at, Place to) {
    format.word(table, at + 8 + format.word(), to.address());
    format.word(table, at + 8 + 2 * format.word(), to.offset());
    format.word(table, at + 8 + 3 * format.word(), to.size());
    changed = true;
  }
}
