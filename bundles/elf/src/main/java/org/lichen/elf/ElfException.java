package org.lichen.elf;

import java.io.IOException;

/** The file is no ELF file, or a damaged one: which field, at which offset in bytes, and why. */
public final class ElfException extends IOException {
  private static final long serialVersionUID = 1;

  private final long offset;
  private final String field;

  ElfException(long offset, String field, String why) {
    super("offset " + Long.toUnsignedString(offset) + ", " + field + ": " + why);
    this.offset = offset;
    this.field = field;
  }

  /** Where in the file, in bytes; it may lie outside of it. */
  public long offset() {
    return offset;
  }

  /** The field as the gABI calls it: {@code e_phoff}, {@code DT_STRTAB} … */
  public String field() {
    return field;
  }
}
