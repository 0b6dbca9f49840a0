package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The versions of symbols that a file deals in: {@code needed}, those that it wants of each library
 * (DT_VERNEED), and {@code defined}, those that it has itself (DT_VERDEF). Immutable.
 *
 * <pre>
 *   Verdef:  version 2, flags 2, index 2, count 2, hash 4, first name 4, next version 4
 *   Verdaux: name 4, next 4                                           (distances in bytes)
 * </pre>
 */
public record ElfVersions(Map<String, List<String>> needed, List<String> defined) {
  private static final int MOST = 1 << 15;
  private static final int SIZE = 20;
  private static final int NAME_SIZE = 8;
  private static final String FIELD = "DT_VERDEF";

  public ElfVersions {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    needed.forEach((library, versions) -> copy.put(library, List.copyOf(versions)));
    needed = java.util.Collections.unmodifiableMap(copy);
    defined = List.copyOf(defined);
  }

  /**
   * Reads a file; memory and time are bounded whatever is in it.
   *
   * @throws ElfException if it is no ELF file or a damaged one
   */
  public static ElfVersions read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return of(Elf.read(channel));
    }
  }

  /** The same of what a file has in it. */
  public static ElfVersions read(byte[] file) throws IOException {
    return of(Elf.read(file));
  }

  private static ElfVersions of(Elf elf) throws IOException {
    Map<String, List<String>> needed = new LinkedHashMap<>();
    for (Versions.Library library : Versions.read(elf)) {
      needed.computeIfAbsent(library.name(), n -> new ArrayList<>()).addAll(library.versions());
    }
    return new ElfVersions(needed, defined(elf));
  }

  private static List<String> defined(Elf elf) throws IOException {
    List<String> found = new ArrayList<>();
    long count = elf.value(Dynamic.VERDEFNUM).orElse(0L);
    if (elf.value(Dynamic.VERDEF).isEmpty() || count == 0) {
      return found;
    }
    long at = elf.offset(elf.value(Dynamic.VERDEF).get(), SIZE, FIELD);
    for (long i = 0; i < count; i++) {
      ByteBuffer record = elf.in().read(elf.format(), at, SIZE, FIELD);
      long first = at + Format.unsigned(record, 12);
      ByteBuffer name = elf.in().read(elf.format(), first, NAME_SIZE, FIELD);
      found.add(elf.string(Format.unsigned(name, 0), "vda_name"));
      if (found.size() > MOST) {
        throw new ElfException(at, "DT_VERDEFNUM", "there are more versions than indices");
      }
      long distance = Format.unsigned(record, 16);
      if (i + 1 < count && distance == 0) {
        throw new ElfException(at + 16, FIELD, "the chain ends before its count");
      }
      at += distance;
    }
    return found;
  }
}
