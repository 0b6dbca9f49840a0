package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * What an ELF file tells its loader. {@code bits}: 32 or 64. {@code machine}: e_machine (gABI 4).
 * {@code needed}: DT_NEEDED in the order of the file; {@code rpath} and {@code runpath} as they
 * stand there, separated by colons (gABI 5, "Shared Object Dependencies"). Immutable.
 */
public record ElfInfo(
    int bits,
    ByteOrder order,
    Kind kind,
    int machine,
    Optional<String> interpreter,
    List<String> needed,
    Optional<String> soname,
    Optional<String> rpath,
    Optional<String> runpath) {
  private static final byte[] MAGIC = {0x7f, 'E', 'L', 'F'};

  /** How it is loaded. */
  public enum Kind {
    /** By the interpreter that it names (PT_INTERP). */
    PROGRAM,
    /** By the loader of a program that needs it, or as that loader. */
    LIBRARY,
    /** By the kernel alone, at its address. */
    STATIC,
    /** By the kernel alone, at any address. */
    STATIC_PIE,
    /** Not for execution: an object, a core dump, debugging information. */
    OTHER
  }

  public ElfInfo {
    needed = List.copyOf(needed);
  }

  /**
   * Reads a file; memory and time are bounded whatever is in it.
   *
   * @throws ElfException if it is no ELF file or a damaged one
   */
  public static ElfInfo read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(channel);
    }
  }

  /** The same of an open file; its position does not matter and stays. */
  public static ElfInfo read(FileChannel file) throws IOException {
    return of(Elf.read(file));
  }

  /** The same of what a file has in it. */
  public static ElfInfo read(byte[] file) throws IOException {
    return of(Elf.read(file));
  }

  private static ElfInfo of(Elf elf) throws IOException {
    return new ElfInfo(
        elf.format().wide() ? 64 : 32,
        elf.format().order(),
        kind(elf),
        elf.machine(),
        elf.interpreter(),
        elf.strings(Dynamic.NEEDED),
        elf.strings(Dynamic.SONAME).stream().findFirst(),
        elf.strings(Dynamic.RPATH).stream().findFirst(),
        elf.strings(Dynamic.RUNPATH).stream().findFirst());
  }

  /** Whether a file begins as ELF files do. */
  public static boolean recognises(FileChannel file) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
    while (start.hasRemaining() && file.read(start, start.position()) > 0) {}
    return start.flip().equals(ByteBuffer.wrap(MAGIC));
  }

  static Kind kind(Elf elf) {
    boolean loaded =
        (elf.type() == Elf.EXEC || elf.type() == Elf.DYN)
            && elf.segments().stream().anyMatch(s -> s.type() == Segment.LOAD);
    if (!loaded) {
      return Kind.OTHER;
    }
    if (elf.dynamicSegment().isEmpty()) {
      return Kind.STATIC;
    }
    if (elf.interpreterSegment().isPresent()) {
      return Kind.PROGRAM;
    }
    if (elf.type() == Elf.EXEC) {
      return Kind.STATIC;
    }
    boolean pie = (elf.value(Dynamic.FLAGS_1).orElse(0L) & Dynamic.PIE) != 0;
    return pie ? Kind.STATIC_PIE : Kind.LIBRARY;
  }
}
