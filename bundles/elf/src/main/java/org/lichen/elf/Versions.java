package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The versions that a file wants of the libraries it needs (DT_VERNEED): a chain of libraries, each
 * with a chain of versions. A loader insists on each library of the chain being there.
 *
 * <pre>
 *   Verneed: version 2, count 2, file 4, first version 4, next library 4   (distances in bytes)
 *   Vernaux: hash 4, flags 2, index 2, name 4, next version 4
 * </pre>
 */
final class Versions {
  /** An index has 15 bits, so there cannot be more of either. */
  private static final int MOST = 1 << 15;

  private static final long MOST_SYMBOLS = 1 << 22;
  private static final int SIZE = 16;
  private static final String FIELD = "DT_VERNEED";

  /** A library: where its record begins in the file, its versions, and their indices. */
  record Library(long offset, String name, List<String> versions, Set<Integer> indices) {}

  private Versions() {}

  static List<Library> read(Elf elf) throws IOException {
    List<Library> found = new ArrayList<>();
    long count = elf.value(Dynamic.VERNEEDNUM).orElse(0L);
    if (elf.value(Dynamic.VERNEED).isEmpty() || count == 0) {
      return found;
    }
    long at = elf.offset(elf.value(Dynamic.VERNEED).get(), SIZE, FIELD);
    int versions = 0;
    for (long i = 0; i < count; i++) {
      ByteBuffer record = elf.in().read(elf.format(), at, SIZE, FIELD);
      Set<Integer> indices = new HashSet<>();
      List<String> names = new ArrayList<>();
      long each = at + Format.unsigned(record, 8);
      for (int left = Format.half(record, 2); left > 0; left--) {
        ByteBuffer version = elf.in().read(elf.format(), each, SIZE, FIELD);
        indices.add(Format.half(version, 6));
        names.add(elf.string(Format.unsigned(version, 8), "vna_name"));
        if (++versions > MOST) {
          throw new ElfException(each, FIELD, "there are more versions than indices");
        }
        each = next(version, each, left > 1);
      }
      found.add(new Library(at, elf.string(Format.unsigned(record, 4), "vn_file"), names, indices));
      if (found.size() > MOST) {
        throw new ElfException(at, "DT_VERNEEDNUM", "there are more libraries than indices");
      }
      at = next(record, at, i + 1 < count);
    }
    return found;
  }

  private static long next(ByteBuffer record, long at, boolean more) throws ElfException {
    long distance = Format.unsigned(record, 12);
    if (more && distance == 0) {
      throw new ElfException(at + 12, FIELD, "the chain ends before its count");
    }
    return at + distance;
  }

  /**
   * How many symbols have an entry in DT_VERSYM. No field says it: the hash table knows those that
   * can be found by name, and relocations name the others that a loader looks at.
   */
  static long symbols(Elf elf) throws IOException {
    Format format = elf.format();
    if (elf.value(Dynamic.HASH).isPresent()) {
      // Of two architectures the words of this table have 64 bits.
      boolean wide = format.wide() && (elf.machine() == Elf.S390 || elf.machine() == Elf.ALPHA);
      int word = wide ? 8 : 4;
      long at = elf.offset(elf.value(Dynamic.HASH).get(), 2L * word, "DT_HASH");
      ByteBuffer head = elf.in().read(format, at, 2L * word, "DT_HASH");
      return wide ? head.getLong(word) : Format.unsigned(head, word);
    }
    long most = hashed(elf);
    most = Math.max(most, relocated(elf, Dynamic.RELA, Dynamic.RELASZ, true));
    most = Math.max(most, relocated(elf, Dynamic.REL, Dynamic.RELSZ, false));
    boolean addends = elf.value(Dynamic.PLTREL).orElse(0L) == Dynamic.RELA;
    return Math.max(most, relocated(elf, Dynamic.JMPREL, Dynamic.PLTRELSZ, addends));
  }

  /** DT_GNU_HASH: buckets name the first symbol of a chain, whose last has an odd hash. */
  private static long hashed(Elf elf) throws IOException {
    String field = "DT_GNU_HASH";
    if (elf.value(Dynamic.GNU_HASH).isEmpty()) {
      return 0;
    }
    Format format = elf.format();
    long address = elf.value(Dynamic.GNU_HASH).get();
    ByteBuffer head = elf.in().read(format, elf.offset(address, 16, field), 16, field);
    long buckets = Format.unsigned(head, 0);
    long first = Format.unsigned(head, 4);
    long start = address + 16 + Format.unsigned(head, 8) * format.word();
    ByteBuffer table =
        elf.in().read(format, elf.offset(start, buckets * 4, field), buckets * 4, field);
    long last = 0;
    for (int i = 0; i < buckets; i++) {
      last = Math.max(last, Format.unsigned(table, i * 4));
    }
    if (last < first) {
      return first;
    }
    long chain = elf.offset(start + buckets * 4 + (last - first) * 4, 4, field);
    while ((elf.in().read(format, chain, 4, field).getInt() & 1) == 0) {
      if (++last > MOST_SYMBOLS) {
        throw new ElfException(chain, field, "a chain does not end");
      }
      chain += 4;
    }
    return last + 1;
  }

  private static long relocated(Elf elf, long table, long size, boolean addends)
      throws IOException {
    Format format = elf.format();
    long bytes = elf.value(size).orElse(0L);
    if (elf.value(table).isEmpty() || bytes == 0) {
      return 0;
    }
    String field = "relocations";
    int entry = (addends ? 3 : 2) * format.word();
    ByteBuffer all =
        elf.in().read(format, elf.offset(elf.value(table).get(), bytes, field), bytes, field);
    long most = 0;
    for (int at = 0; at + entry <= all.limit(); at += entry) {
      long info = format.word(all, at + format.word());
      most = Math.max(most, (format.wide() ? info >>> 32 : info >>> 8) + 1);
    }
    return most;
  }
}
