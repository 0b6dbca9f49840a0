package org.lichen.image.singularity.squashfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.testkit.Needs;

/** What Debian's mksquashfs packs is read as unsquashfs reads it. The tree is drawn at Trees. */
class SquashEntriesTest {
  @TempDir static Path directory;
  private static Path tree;

  @TempDir Path own;

  @BeforeAll
  static void makeTree() throws Exception {
    Needs.program("mksquashfs");
    tree = Trees.make(Files.createDirectory(directory.resolve("tree")));
    Files.setAttribute(tree.resolve("bin/one"), "unix:mode", 0104755);
    Files.setAttribute(tree.resolve("empty.d"), "unix:mode", 041777);
    Trees.setTimes(tree);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-comp gzip",
        "-comp gzip -Xcompression-level 1 -b 4K",
        "-comp gzip -b 1M",
        "-comp xz",
        "-comp xz -Xbcj x86,arm -b 64K",
        "-comp xz -b 1M -Xdict-size 50%",
        "-comp zstd",
        "-comp zstd -Xcompression-level 22 -b 1M",
        "-comp zstd -b 4K",
        "-comp lz4",
        "-comp lz4 -Xhc -b 1M",
        "-comp lzo",
        "-comp lzo -Xalgorithm lzo1x_1 -b 4K",
        "-comp lzo -b 1M",
        "-comp gzip -no-fragments",
        "-comp gzip -always-use-fragments",
        "-comp gzip -no-xattrs",
        "-comp gzip -no-exports",
        "-comp gzip -all-root",
        "-comp gzip -no-sparse",
        "-comp gzip -no-duplicates",
        "-comp gzip -nopad",
        "-comp zstd -noI",
        "-comp zstd -noD -noF",
        "-comp zstd -noI -noD -noF -noX",
        "-comp zstd -noX -noId",
        "-comp gzip -force-uid 70000 -force-gid 2000000000",
        "-comp gzip -mkfs-time 0 -all-time 4294967295"
      })
  void entries_areThoseOfUnsquashfs(String options) throws Exception {
    Path image = Trees.image(tree, own.resolve("image"), options.split(" ", -1));
    Map<String, String> theirs = Listed.theirs(image, own.resolve("out"));
    assertThat(theirs).hasSizeGreaterThan(600);
    assertThat(Listed.ours(image)).containsExactlyEntriesOf(theirs);
  }

  @Test
  void anImageAppendedTo_isReadWhole() throws Exception {
    Path image = Trees.image(tree, own.resolve("image"), "-comp", "gzip");
    Path more = Files.createDirectory(own.resolve("more"));
    Files.writeString(more.resolve("appended"), "later");
    Needs.output(
        Needs.program("mksquashfs").toString(),
        more.toString(),
        image.toString(),
        "-no-progress",
        "-quiet");
    assertThat(Listed.ours(image))
        .containsKey("appended")
        .containsExactlyEntriesOf(Listed.theirs(image, own.resolve("out")));
  }

  /** Which unsquashfs 4.5 shows as -3837,255. */
  @Test
  void largeDeviceNumbers_areThoseOfTheKernel() throws Exception {
    Path image = own.resolve("image");
    Path pseudo = Files.writeString(own.resolve("pseudo"), "/disk b 0660 1 2 259 1048575\n");
    Needs.output(
        Needs.program("mksquashfs").toString(),
        Files.createDirectory(own.resolve("nothing")).toString(),
        image.toString(),
        "-quiet",
        "-pf",
        pseudo.toString());
    assertThat(Listed.ours(image).get("disk")).startsWith("b 660 1/2").endsWith(" 259,1048575");
  }

  @Test
  void hardLinks_pointToTheFirstName() throws Exception {
    Path image = Trees.image(tree, own.resolve("image"));
    try (Squashfs from = Listed.open(image);
        SquashEntries entries = new SquashEntries(from, Limits.usual(from.size()))) {
      StringBuilder links = new StringBuilder();
      for (var next = entries.next(); next.isPresent(); next = entries.next()) {
        if (next.get().type() == org.lichen.api.image.Entry.Type.HARDLINK) {
          links.append(new String(next.get().path(), StandardCharsets.UTF_8));
          links.append("->");
          links.append(new String(next.get().link(), StandardCharsets.UTF_8));
        }
      }
      assertThat(links).hasToString("bin/one->bin/hard");
    }
  }

  @Test
  void content_isFoundByPath() throws Exception {
    Path image = Trees.image(tree, own.resolve("image"), "-comp", "zstd");
    try (Squashfs from = Listed.open(image)) {
      assertThat(from.content("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/bottom", 100))
          .hasValueSatisfying(bytes -> assertThat(bytes).asString().isEqualTo("deep"));
      byte[] sparse = Files.readAllBytes(tree.resolve("data/sparse"));
      assertThat(from.content("data/sparse", sparse.length))
          .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(sparse));
      assertThat(from.content("data/nothing", 100)).isEqualTo(Optional.empty());
      assertThat(from.content("bin", 100)).isEqualTo(Optional.empty());
      assertThat(from.names("many")).hasSize(600);
      assertThat(from.names("empty.d")).isEmpty();
      assertThat(from.has("bin/link")).isTrue();
      assertThat(from.has("bin/link/x")).isFalse();
    }
  }

  @Test
  void lzma_isRefusedWithARemedy() throws Exception {
    Path image = Trees.image(tree, own.resolve("image"));
    byte[] bytes = Files.readAllBytes(image);
    bytes[20] = 2; // compression
    Files.write(image, bytes);
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> Listed.open(image)))
        .isInstanceOf(SquashfsException.class)
        .hasMessageContaining("byte 20 (compression)")
        .hasMessageContaining("mksquashfs -comp xz");
  }

  /** 300,000 names, most of them of a kind that costs mksquashfs nothing. */
  @Test
  void threeHundredThousandEntries_areRead() throws Exception {
    StringBuilder pseudo = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      pseudo.append("/d").append(i).append(" d 755 ").append(i).append(" 1\n");
      for (int j = 0; j < 999; j++) {
        pseudo.append("/d" + i + "/f" + j + " i 640 " + j % 70 + " " + i % 50 + " f\n");
      }
    }
    Path list = Files.writeString(own.resolve("list"), pseudo);
    Path nothing = Files.createDirectory(own.resolve("nothing"));
    Path image = own.resolve("image");
    Needs.output(
        Needs.program("mksquashfs").toString(),
        nothing.toString(),
        image.toString(),
        "-quiet",
        "-no-progress",
        "-comp",
        "lz4",
        "-all-time",
        "60",
        "-pf",
        list.toString());
    Map<String, String> ours = Listed.ours(image);
    assertThat(ours).hasSize(300_001).containsExactlyEntriesOf(Listed.theirs(image));
  }

  /** The same with files, and with a tree of Debian; {@code LICHEN_SQUASHFS_BIG} is its tar. */
  @ParameterizedTest
  @EnabledIfEnvironmentVariable(named = "LICHEN_SQUASHFS_BIG", matches = "/.*")
  @ValueSource(
      strings = {
        "-comp gzip",
        "-comp gzip -b 4K",
        "-comp gzip -no-fragments -no-xattrs -no-exports",
        "-comp xz -b 1M",
        "-comp zstd -all-root",
        "-comp lz4 -no-sparse",
        "-comp lzo -always-use-fragments"
      })
  void aTreeOfDebian_isThatOfUnsquashfs(String options) throws Exception {
    Path debian = Files.createDirectory(own.resolve("debian"));
    String tar = Objects.requireNonNull(System.getenv("LICHEN_SQUASHFS_BIG"));
    Needs.output("tar", "-xf", tar, "-C", debian.toString(), "--exclude=./dev/*");
    Path image = Trees.image(debian, own.resolve("image"), options.split(" ", -1));
    Map<String, String> theirs = Listed.theirs(image, own.resolve("out"));
    assertThat(theirs).hasSizeGreaterThan(5000);
    assertThat(Listed.ours(image)).containsExactlyEntriesOf(theirs);
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "LICHEN_SQUASHFS_BIG", matches = "/.*")
  void threeHundredThousandFiles_areRead() throws Exception {
    Path many = Files.createDirectory(own.resolve("many"));
    Files.createDirectory(many.resolve("dev"));
    for (int i = 0; i < 300; i++) {
      Path in = Files.createDirectory(many.resolve("d" + i));
      for (int j = 0; j < 1000; j++) {
        Files.writeString(in.resolve("f" + j), "file " + i + " " + j % 100 + "\n");
      }
    }
    Path image = Trees.image(many, own.resolve("image"));
    assertThat(Listed.ours(image))
        .hasSizeGreaterThan(300_000)
        .containsExactlyEntriesOf(Listed.theirs(image, own.resolve("out")));
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "LICHEN_SQUASHFS_BIG", matches = "/.*")
  void sparseFileOf5GB_isRead() throws Exception {
    Path from = Files.createDirectory(own.resolve("from"));
    try (RandomAccessFile sparse = new RandomAccessFile(from.resolve("sparse").toFile(), "rw")) {
      sparse.setLength(5_000_000_000L);
      sparse.seek(4_500_000_000L);
      sparse.write("far away".getBytes(StandardCharsets.US_ASCII));
    }
    Files.createDirectory(from.resolve("dev"));
    Path image = Trees.image(from, own.resolve("image"));
    assertThat(Files.size(image)).isLessThan(100_000);
    assertThat(Listed.ours(image))
        .containsExactlyEntriesOf(Listed.theirs(image, own.resolve("out")));
  }
}
