package org.lichen.elf;

/** An entry of the dynamic section (gABI 5, "Dynamic Section"). */
record Dynamic(long tag, long value) {
  static final long NULL = 0;
  static final long NEEDED = 1;
  static final long HASH = 4;
  static final long STRTAB = 5;
  static final long RELA = 7;
  static final long RELASZ = 8;
  static final long STRSZ = 10;
  static final long SONAME = 14;
  static final long RPATH = 15;
  static final long REL = 17;
  static final long RELSZ = 18;
  static final long PLTREL = 20;
  static final long JMPREL = 23;
  static final long PLTRELSZ = 2;
  static final long RUNPATH = 29;
  static final long GNU_HASH = 0x6ffffef5L;
  static final long VERSYM = 0x6ffffff0L;
  static final long FLAGS_1 = 0x6ffffffbL;
  static final long VERDEF = 0x6ffffffcL;
  static final long VERDEFNUM = 0x6ffffffdL;
  static final long VERNEED = 0x6ffffffeL;
  static final long VERNEEDNUM = 0x6fffffffL;

  /** Its value is a distance from the entry's own address. */
  static final long MIPS_RLD_MAP_REL = 0x70000035L;

  /** DF_1_PIE. */
  static final long PIE = 0x08000000L;

  static String name(long tag) {
    if (tag == NEEDED) {
      return "DT_NEEDED";
    }
    if (tag == SONAME) {
      return "DT_SONAME";
    }
    return tag == RPATH ? "DT_RPATH" : "DT_RUNPATH";
  }
}
