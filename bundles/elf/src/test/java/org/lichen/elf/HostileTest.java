package org.lichen.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: an error with offset and field, or an edit, and always an end. */
class HostileTest {
  private static final ElfEdit EDIT =
      ElfEdit.builder()
          .addNeeded("libextra.so")
          .removeNeeded("libm.so.6")
          .rpath("/a")
          .soname("name")
          .build();

  @TempDir Path directory;

  /** Reads and edits; what is wrong with the file is told as such. */
  private void survive(byte[] bytes) throws IOException {
    Path file = Files.write(directory.resolve("damaged"), bytes);
    try {
      ElfInfo.read(file);
      EDIT.apply(file, directory.resolve("out"));
    } catch (ElfException | UneditableElfException told) {
      assertThat(told).hasMessageMatching("(?s).+");
    }
    assertThat(file).hasBinaryContent(bytes);
  }

  @Test
  void truncated_atEveryLength() throws Exception {
    byte[] whole = Files.readAllBytes(new Workshop(directory).program("program", "-s"));
    for (int size = 0; size < whole.length; size += size < 2048 ? 1 : 61) {
      survive(Arrays.copyOf(whole, size));
    }
  }

  /** Several bytes changed at random: {@code LICHEN_FUZZ_SECONDS} (2) long. */
  @Test
  void changedBytes_areTold() throws Exception {
    String set = System.getenv().getOrDefault("LICHEN_SEED", "");
    long seed = set.isEmpty() ? System.nanoTime() : Long.parseLong(set);
    long seconds = Long.parseLong(System.getenv().getOrDefault("LICHEN_FUZZ_SECONDS", "2"));
    Workshop workshop = new Workshop(directory);
    byte[][] sources = {
      Files.readAllBytes(workshop.program("program", "-s")),
      Files.readAllBytes(workshop.program("sysv", "-no-pie", "-Wl,--hash-style=sysv")),
      Files.readAllBytes(workshop.library("library.so"))
    };
    Random random = new Random(seed);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (System.nanoTime() < end) {
      byte[] damaged = sources[random.nextInt(sources.length)].clone();
      Elf elf = read(damaged);
      for (int i = random.nextInt(6); i >= 0; i--) {
        damaged[place(random, elf, damaged.length)] = (byte) VALUES[random.nextInt(VALUES.length)];
      }
      try {
        survive(damaged);
      } catch (Throwable e) {
        throw new AssertionError("LICHEN_SEED=" + seed, e);
      }
    }
  }

  private static final int[] VALUES = {0, 1, 2, 4, 8, 0x10, 0x7f, 0x80, 0xff, 0xfe, 0x40};

  /** Mostly where something is read. */
  private static int place(Random random, Elf elf, int size) throws IOException {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(64);
      case 1 -> 64 + random.nextInt(56 * elf.segments().size());
      case 2, 3 ->
          (int) elf.dynamicSegment().orElseThrow().offset()
              + random.nextInt(16 * elf.dynamic().size());
      case 4 ->
          (int) elf.offset(elf.value(Dynamic.VERNEED).orElse(0L), 1, "test") + random.nextInt(64);
      default -> random.nextInt(size);
    };
  }

  private Elf read(byte[] bytes) throws IOException {
    Path file = Files.write(directory.resolve("source"), bytes);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return Elf.read(channel);
    }
  }

  @Test
  void lies_areToldByOffsetAndField() throws Exception {
    byte[] good = Files.readAllBytes(new Workshop(directory).program("program"));
    Elf elf = read(good);
    int dynamic = (int) elf.dynamicSegment().orElseThrow().offset();
    int interp = 64 + 56 * elf.segments().indexOf(elf.interpreterSegment().orElseThrow());
    told(good, 0, 0x41, "offset 0, e_ident: this is no ELF file");
    told(good, 4, 9, "offset 4, EI_CLASS");
    told(good, 5, 0, "offset 5, EI_DATA");
    told(good, 54, 57, "offset 54, e_phentsize: it must be 56");
    told(good, 32 + 5, 0x7f, "bytes there are outside of the file");
    told(good, interp + 8 + 4, 1, "PT_INTERP");
    told(good, dynamic + 8 + 2, 0x7f, "DT_NEEDED: it is");
    for (int i = 0; i < elf.dynamic().size(); i++) {
      if (elf.dynamic().get(i).tag() == Dynamic.STRTAB) {
        told(good, dynamic + 16 * i + 8 + 6, 0x11, "DT_STRTAB: no PT_LOAD has");
      }
      if (elf.dynamic().get(i).tag() == Dynamic.STRSZ) {
        told(good, dynamic + 16 * i + 8 + 7, 0x80, "DT_STRTAB: no PT_LOAD has");
      }
    }
  }

  private void told(byte[] good, int at, int value, String message) throws IOException {
    byte[] bad = good.clone();
    bad[at] = (byte) value;
    Path file = Files.write(directory.resolve("bad"), bad);
    assertThatThrownBy(() -> ElfInfo.read(file))
        .isInstanceOf(ElfException.class)
        .hasMessageContaining(message);
  }

  /** A chain of versions that comes back to itself. */
  @Test
  void circleOfVersions_ends() throws Exception {
    byte[] bytes = Files.readAllBytes(new Workshop(directory).program("program"));
    Elf elf = read(bytes);
    int at = (int) elf.offset(elf.value(Dynamic.VERNEED).orElseThrow(), 16, "test");
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    view.putShort(at + 2, (short) 0xffff); // vn_cnt, and vna_next back to where it is
    int aux = at + view.getInt(at + 8);
    view.putInt(aux + 12, 0);
    Path file = Files.write(directory.resolve("bad"), bytes);
    assertThatThrownBy(() -> EDIT.apply(file, file)).hasMessageContaining("DT_VERNEED");
    assertThat(file).hasBinaryContent(bytes);
  }
}
