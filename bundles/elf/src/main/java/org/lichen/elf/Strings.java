package org.lichen.elf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The string table of a dynamic section, which only grows: others may point anywhere into it. */
final class Strings {
  /** Of what a file may name, in bytes. */
  static final int LONGEST = 1 << 16;

  private byte[] table;
  private final int before;

  Strings(Elf elf) throws IOException {
    long size = elf.value(Dynamic.STRSZ).orElse(0L);
    table = elf.in().read(elf.format(), elf.stringTable(), size, "DT_STRSZ").array();
    before = table.length;
  }

  /** The place of a string that is there already, as the end of another too, or is added. */
  long index(String text) {
    byte[] wanted = bytes(text);
    for (int at = 0; at + wanted.length <= table.length; at++) {
      if (Arrays.equals(table, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    int at = table.length;
    table = Arrays.copyOf(table, at + wanted.length);
    System.arraycopy(wanted, 0, table, at, wanted.length);
    return at;
  }

  /** With its NUL. */
  static byte[] bytes(String text) {
    return (text + '\0').getBytes(StandardCharsets.UTF_8);
  }

  boolean grown() {
    return table.length > before;
  }

  int before() {
    return before;
  }

  byte[] table() {
    return table;
  }
}
