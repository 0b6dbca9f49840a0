package org.lichen.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.posix.Bytes;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Linux;
import org.lichen.testkit.Needs;

/** What GNU tar writes, we read: every format, and every form of sparse files. */
class GnuTarTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--format=gnu", "--format=pax --sparse-version=0.0", "--format=pax --sparse-version=0.1",
        "--format=pax --sparse-version=1.0", "--format=gnu -z", "--format=pax --zstd",
        "--format=pax -J"
      })
  void read_everyForm_givesTheSame(String options) throws Exception {
    Path tree = Files.createDirectory(temporary.resolve("tree"));
    String longest = "n".repeat(200);
    Files.createDirectories(tree.resolve(longest));
    Files.writeString(tree.resolve(longest).resolve(longest), "content");
    try (Descriptor sparse =
        Descriptor.open(tree.resolve("sparse"), Linux.O_RDWR | Linux.O_CREAT, 0644)) {
      for (int i = 0; i < 40; i++) {
        sparse.position(i * 200_000L);
        sparse.write(java.nio.ByteBuffer.wrap(new byte[] {(byte) ('a' + i % 26)}));
      }
      sparse.truncate(50_000_000);
    }
    Path tar = temporary.resolve("x.tar");
    Needs.output(
        "sh", "-c", "tar -S " + options + " -C " + tree + " -cf " + tar + " sparse " + longest);
    Path out = Files.createDirectory(temporary.resolve("out"));
    try (InputStream in = Compression.decompressed(Files.newInputStream(tar));
        TarReader reader = new TarReader(in);
        org.lichen.posix.Directory root = org.lichen.posix.Directory.open(out);
        var index =
            java.nio.channels.Channels.newChannel(java.io.OutputStream.nullOutputStream())) {
      new Unpacker(root, Whiteouts.AUFS, new LayerIndex(index, Whiteouts.AUFS)).unpack(reader);
      assertThat(root.status(Bytes.of("sparse")).size()).isEqualTo(50_000_000);
      assertThat(root.status(Bytes.of("sparse")).blocks()).isLessThan(10_000);
    }
    assertThat(Files.mismatch(tree.resolve("sparse"), out.resolve("sparse"))).isEqualTo(-1);
    assertThat(out.resolve(longest).resolve(longest)).hasContent("content");
    assertThat(Files.getLastModifiedTime(out.resolve("sparse")).toMillis() / 1000)
        .isEqualTo(Files.getLastModifiedTime(tree.resolve("sparse")).toMillis() / 1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "zstd", "xz"})
  void decompressed_membersAndDamage_areSeen(String program) throws Exception {
    byte[] member = packed(Needs.program(program).toString());
    byte[] twice = java.util.Arrays.copyOf(member, member.length * 2);
    System.arraycopy(member, 0, twice, member.length, member.length);
    assertThat(plain(twice)).hasSize(200_000);
    for (int length = 1; length < member.length; length += 1 + length / 8) {
      Optional<Throwable> failure = failure(java.util.Arrays.copyOf(member, length));
      if (length > 6) {
        assertThat(failure).as(program + " " + length).containsInstanceOf(ArchiveException.class);
      }
    }
    byte[] wrong = member.clone();
    wrong[member.length / 2] ^= 0x55;
    assertThat(failure(wrong)).containsInstanceOf(ArchiveException.class);
  }

  private byte[] packed(String program) throws Exception {
    byte[] content = new byte[100_000];
    new java.util.Random(1).nextBytes(content);
    java.util.Arrays.fill(content, 20_000, 90_000, (byte) 7);
    Path file = temporary.resolve("content");
    Files.write(file, content);
    Needs.output("sh", "-c", program + " -c " + file + " > " + file + ".packed");
    return Files.readAllBytes(temporary.resolve("content.packed"));
  }

  /** Given out byte by byte, with nothing ever "available", as from a slow network. */
  private static byte[] plain(byte[] packed) throws java.io.IOException {
    InputStream slow =
        new InputStream() {
          private int at;

          @Override
          public int read() {
            return at < packed.length ? packed[at++] & 0xff : -1;
          }

          @Override
          public int read(byte[] to, int offset, int length) {
            int b = length == 0 ? 0 : read();
            if (b < 0 || length == 0) {
              return b;
            }
            to[offset] = (byte) b;
            return 1;
          }
        };
    try (InputStream in = Compression.decompressed(slow)) {
      return in.readAllBytes();
    }
  }

  private static Optional<Throwable> failure(byte[] packed) {
    try {
      plain(packed);
      return Optional.empty();
    } catch (java.io.IOException e) {
      return Optional.of(e);
    }
  }
}
