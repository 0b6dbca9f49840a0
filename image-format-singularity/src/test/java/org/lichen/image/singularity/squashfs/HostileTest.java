package org.lichen.image.singularity.squashfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.api.image.Entry;
import org.lichen.image.singularity.Fuzz;

/**
 * Nothing that a squashfs says is believed: it is read, or refused by name of field and offset. The
 * image is of {@code sub/{a,b}}, {@code file} (two blocks of 4 KiB and an end), {@code link}.
 */
class HostileTest {
  private static final Limits LIMITS = new Limits(1 << 20, 1000);
  private static final int DIRECTORY_TABLE = 72;

  @TempDir Path directory;
  private byte[] image;

  @BeforeEach
  void make() throws Exception {
    image = make("-comp", "gzip", "-noI", "-noX");
  }

  private byte[] make(String... options) throws Exception {
    Path tree = directory.resolve("tree");
    if (!Files.exists(tree)) {
      Files.createDirectories(tree.resolve("sub"));
      Files.writeString(tree.resolve("sub/a"), "aaa");
      Files.writeString(tree.resolve("sub/b"), "bbb");
      Files.write(tree.resolve("file"), Trees.text(new Random(1), 10_000));
      Files.createSymbolicLink(tree.resolve("link"), Path.of("sub/a"));
      Files.setAttribute(
          tree.resolve("file"), "user:name", "value".getBytes(StandardCharsets.UTF_8));
      Files.createDirectory(tree.resolve("dev"));
    }
    String[] all = java.util.Arrays.copyOf(options, options.length + 3);
    System.arraycopy(new String[] {"-nopad", "-b", "4K"}, 0, all, options.length, 3);
    return Files.readAllBytes(Trees.image(tree, directory.resolve("image"), all));
  }

  /** Reads everything; answers the number of entries. */
  private int read(byte[] bytes, Limits limits) throws IOException {
    Path file = directory.resolve("hostile");
    Files.write(file, bytes);
    int count = 0;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Squashfs from = new Squashfs(channel, 0, bytes.length);
        SquashEntries entries = new SquashEntries(from, limits)) {
      ByteBuffer part = ByteBuffer.allocate(1 << 16);
      for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
        count++;
        while (next.get().content().read(part.clear()) >= 0) {
          // all of it
        }
      }
    }
    return count;
  }

  private Throwable failure(byte[] bytes) {
    return catchThrowable(() -> read(bytes, LIMITS));
  }

  private static ByteBuffer numbers(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where an entry of a listing begins: inode's offset, number, kind, length, name. */
  private int entry(String name) {
    byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
    int from = (int) numbers(image).getLong(DIRECTORY_TABLE);
    for (int at = from; at < image.length - wanted.length; at++) {
      if (java.util.Arrays.equals(image, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at - 8;
      }
    }
    throw new IllegalStateException("no " + name);
  }

  private int inode(int reference) {
    return (int) numbers(image).getLong(64) + 2 + reference;
  }

  @Test
  void unharmed_isRead() throws Exception {
    assertThat(read(image, LIMITS)).isEqualTo(11);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "xz", "zstd", "lz4", "lzo"})
  void truncatedAtAnyLength_isRefused(String compression) throws Exception {
    byte[] whole = make("-comp", compression);
    for (int length = 0; length < whole.length; length++) {
      byte[] part = java.util.Arrays.copyOf(whole, length);
      assertThat(failure(part))
          .as("the first " + length + " bytes")
          .isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "xz", "zstd", "lz4", "lzo"})
  void anyByteChanged_isReadOrRefused(String compression) throws Exception {
    byte[] whole = make("-comp", compression);
    for (int at = 0; at < whole.length; at++) {
      for (int bit : new int[] {1, 0x80, 0xff}) {
        byte[] changed = whole.clone();
        changed[at] ^= (byte) bit;
        Throwable failure = failure(changed);
        assertThat(failure == null || failure instanceof IOException)
            .as("byte " + at + " ^ " + bit + ": " + failure)
            .isTrue();
      }
    }
  }

  @Test
  void aDirectoryWithinItself_isALoop() {
    numbers(image).putShort(entry("sub"), (short) numbers(image).getLong(32)); // the root's inode
    assertThat(failure(image)).hasMessageContaining("'sub' is in two places: a loop");
  }

  @Test
  void aNameOfDots_isRefused() {
    image[entry("sub") + 8] = '/';
    assertThat(failure(image)).hasMessageContaining("directory table").hasMessageContaining("/ub");
  }

  @Test
  void aSizeBeyondItsBlocks_isRefused() {
    int inode = inode(numbers(image).getShort(entry("file")) & 0xffff);
    assertThat(numbers(image).getShort(inode)).isEqualTo((short) 9); // a long file: attributes
    numbers(image).putLong(inode + 24, 1L << 40);
    assertThat(failure(image)).isInstanceOf(SquashfsException.class).hasMessageContaining("inode");
    numbers(image).putLong(inode + 24, -1);
    assertThat(failure(image)).hasMessageContaining("cannot be");
    numbers(image).putLong(inode + 24, Long.MAX_VALUE);
    assertThat(failure(image)).hasMessageContaining("larger than what is read");
  }

  @Test
  void aBlockOutsideTheFile_isRefused() {
    int inode = inode(numbers(image).getShort(entry("file")) & 0xffff);
    numbers(image).putLong(inode + 16, 1L << 50);
    assertThat(failure(image))
        .hasMessageContaining("(data block)")
        .hasMessageContaining(String.valueOf(1L << 50));
  }

  @Test
  void aFragmentThatIsNotThere_isRefused() {
    int inode = inode(numbers(image).getShort(entry("file")) & 0xffff);
    numbers(image).putInt(inode + 44, 7);
    assertThat(failure(image)).hasMessageContaining("(fragment table): there is no entry 7");
  }

  @Test
  void aFragmentTableThatIsItsOwnIndex_isRefused() {
    int index = (int) numbers(image).getLong(80);
    numbers(image).putLong(index, index);
    assertThat(failure(image)).hasMessageContaining("(fragment table)");
  }

  @Test
  void anOwnerThatIsNotThere_isRefused() {
    int inode = inode(numbers(image).getShort(entry("link")) & 0xffff);
    numbers(image).putShort(inode + 4, (short) 99);
    assertThat(failure(image)).hasMessageContaining("(id table): there is no entry 99");
  }

  @Test
  void tablesInEachOther_areRefusedOrRead() {
    for (int field : new int[] {48, 56, 64, 72, 80, 88}) {
      for (int other : new int[] {48, 56, 64, 72, 80, 88}) {
        byte[] changed = image.clone();
        numbers(changed).putLong(field, numbers(image).getLong(other));
        Throwable failure = failure(changed);
        assertThat(failure == null || failure instanceof IOException)
            .as(field + " as " + other + ": " + failure)
            .isTrue();
      }
    }
  }

  @Test
  void moreBytesThanTheLimit_areABomb() {
    assertThat(catchThrowable(() -> read(image, new Limits(9_000, 1000))))
        .hasMessageContaining("more than 9000 bytes")
        .hasMessageContaining("looks like a bomb")
        .hasMessageContaining("singularity.limits.bytes");
  }

  @Test
  void moreNamesThanTheLimit_areABomb() {
    assertThat(catchThrowable(() -> read(image, new Limits(1 << 20, 10))))
        .hasMessageContaining("more than 10 names")
        .hasMessageContaining("singularity.limits.entries");
  }

  @Test
  void theUsualLimits_allowWhatPeoplePack() {
    assertThat(Limits.usual(100)).isEqualTo(new Limits(4L << 30, 2_000_000));
    assertThat(Limits.usual(1L << 40)).isEqualTo(new Limits(250L << 40, 1L << 34));
  }

  @Test
  void changedAtRandom_isReadOrRefused() throws Exception {
    Fuzz fuzz =
        new Fuzz(
            "squashfs",
            96,
            List.of(image, make("-comp", "zstd"), make("-comp", "lzo"), make("-comp", "lz4")));
    fuzz.run(
        changed -> {
          Throwable failure = failure(changed);
          if (failure != null && !(failure instanceof IOException)) {
            throw new IllegalStateException(failure);
          }
        },
        Set.of());
  }
}
