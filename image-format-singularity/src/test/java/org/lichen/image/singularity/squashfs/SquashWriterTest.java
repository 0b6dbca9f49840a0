package org.lichen.image.singularity.squashfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lichen.api.image.Entry;
import org.lichen.image.singularity.squashfs.write.Data;
import org.lichen.image.singularity.squashfs.write.Node;
import org.lichen.image.singularity.squashfs.write.Packing;
import org.lichen.image.singularity.squashfs.write.SquashWriter;
import org.lichen.testkit.Needs;

/** What we write is read by unsquashfs, and is what was read from mksquashfs's image of Trees. */
class SquashWriterTest {
  @TempDir static Path directory;
  private static Path model;

  @TempDir Path own;

  @BeforeAll
  static void makeModel() throws Exception {
    Needs.program("mksquashfs");
    Path tree = Trees.make(Files.createDirectory(directory.resolve("tree")));
    byte[] large = Trees.noise(new Random(3), 6 << 20); // larger than what is looked at whole
    Files.write(tree.resolve("data/large"), large);
    Files.write(tree.resolve("names/large again"), large);
    Files.write(tree.resolve("names/large too"), java.util.Arrays.copyOf(large, large.length - 1));
    Trees.setTimes(tree);
    model = Trees.image(tree, directory.resolve("model"), "-comp", "lz4");
  }

  private static long write(Path image, long base, Packing packing, int threads) throws Exception {
    try (Squashfs from = Listed.open(model);
        SquashEntries entries = new SquashEntries(from, Limits.usual(from.size()));
        FileChannel out =
            FileChannel.open(
                image,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.READ);
        SquashWriter writer = new SquashWriter(out, base, packing, 1_600_000_000, threads)) {
      Map<String, Node> nodes = new HashMap<>();
      for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
        Entry entry = next.get();
        String path = new String(entry.path(), StandardCharsets.UTF_8);
        Node node =
            entry.type() == Entry.Type.HARDLINK
                ? node(nodes, new String(entry.link(), StandardCharsets.UTF_8))
                : new Node(
                    entry.type(),
                    entry.mode(),
                    entry.uid(),
                    entry.gid(),
                    entry.modified().getEpochSecond(),
                    entry.link(),
                    entry.deviceMajor(),
                    entry.deviceMinor(),
                    entry.xattrs());
        if (entry.type() == Entry.Type.FILE) {
          node.data(writer.data(entry.size(), entry.extents(), entry.content()));
        }
        nodes.put(path, node);
        if (!path.equals(".")) {
          int slash = path.lastIndexOf('/');
          node(nodes, slash < 0 ? "." : path.substring(0, slash))
              .children()
              .put(path.substring(slash + 1).getBytes(StandardCharsets.UTF_8), node);
        }
      }
      return writer.finish(node(nodes, "."));
    }
  }

  private static Node node(Map<String, Node> nodes, String path) {
    return Objects.requireNonNull(nodes.get(path), path);
  }

  @ParameterizedTest
  @EnumSource(Packing.class)
  void written_isReadByUnsquashfsAndByUs(Packing packing) throws Exception {
    Path image = own.resolve("image");
    long size = write(image, 0, packing, 4);
    assertThat(Files.size(image)).isEqualTo(size).matches(bytes -> bytes % 4096 == 0);
    Map<String, String> wanted = Listed.ours(model);
    assertThat(Listed.ours(image)).containsExactlyEntriesOf(wanted);
    assertThat(Listed.theirs(image, own.resolve("out"))).containsExactlyEntriesOf(wanted);
    String about = Needs.output(Needs.program("unsquashfs").toString(), "-s", image.toString());
    assertThat(about)
        .contains("Compression " + packing.name().toLowerCase(java.util.Locale.ROOT))
        .contains("Filesystem is exportable via NFS")
        .contains("Duplicates are removed");
  }

  @Test
  void twice_isTheSameBytesWithAnyThreads() throws Exception {
    write(own.resolve("one"), 0, Packing.GZIP, 1);
    write(own.resolve("four"), 0, Packing.GZIP, 4);
    assertThat(Files.mismatch(own.resolve("one"), own.resolve("four"))).isEqualTo(-1);
  }

  @Test
  void withinAFile_isTheSameAsAlone() throws Exception {
    long size = write(own.resolve("alone"), 0, Packing.ZSTD, 2);
    assertThat(write(own.resolve("within"), 12_288, Packing.ZSTD, 2)).isEqualTo(size);
    byte[] within = Files.readAllBytes(own.resolve("within"));
    assertThat(java.util.Arrays.copyOfRange(within, 12_288, within.length))
        .isEqualTo(Files.readAllBytes(own.resolve("alone")));
  }

  /** mksquashfs keeps duplicates once too; ours may be larger by how tails are packed alone. */
  @Test
  void duplicatesAndHoles_takeNoPlace() throws Exception {
    Path image = own.resolve("image");
    write(image, 0, Packing.GZIP, 2);
    Path tree = directory.resolve("tree");
    Path theirs = Trees.image(tree, own.resolve("theirs"), "-comp", "gzip");
    assertThat(Files.size(image)).isLessThan(Files.size(theirs) * 102 / 100);
  }

  @Test
  void theKernel_mountsIt() throws Exception {
    Needs.that(
        Files.readString(Path.of("/proc/filesystems")).contains("squashfs")
            && "root".equals(System.getProperty("user.name")),
        "root, and a kernel with squashfs");
    for (Packing packing : Packing.values()) {
      Path image = own.resolve("image-" + packing);
      write(image, 0, packing, 2);
      Path at = Files.createDirectory(own.resolve("mount-" + packing));
      Needs.output(
          "unshare",
          "-m",
          "sh",
          "-c",
          "mount -o loop,ro '"
              + image
              + "' '"
              + at
              + "' && cd '"
              + at
              + "' && cmp data/text data/same && cmp data/large 'names/large again' && cat many/599"
              + " bin/hard z/../a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/bottom; find . |"
              + " wc -l; umount '"
              + at
              + "' || umount -l '"
              + at
              + "'");
    }
  }

  @Test
  void aDirectoryOfManyThousands_isWritten() throws Exception {
    Path image = own.resolve("image");
    try (FileChannel out =
            FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        SquashWriter writer = new SquashWriter(out, 0, Packing.ZSTD, 0, 2)) {
      Node root = Node.directory(0755, 0);
      for (int i = 0; i < 70_000; i++) {
        Node file = new Node(Entry.Type.FILE, 0644, i % 1000, 0, i, new byte[0], 0, 0, Map.of());
        byte[] content = ("content " + i).getBytes(StandardCharsets.US_ASCII);
        Data data =
            writer.data(
                content.length,
                List.of(new Entry.Extent(0, content.length)),
                Channels.newChannel(new ByteArrayInputStream(content)));
        file.data(data);
        root.children()
            .put(("a file with a long name, number " + i).getBytes(StandardCharsets.UTF_8), file);
      }
      writer.finish(root);
    }
    Map<String, String> ours = Listed.ours(image);
    assertThat(ours).hasSize(70_001);
    assertThat(
            Needs.output(Needs.program("unsquashfs").toString(), "-ls", image.toString())
                .lines()
                .filter(line -> line.startsWith("squashfs-root/"))
                .count())
        .isEqualTo(70_000);
    assertThat(ours.get("a file with a long name, number 69999"))
        .contains("- 644 999/0 ")
        .contains(Listed.digest("content 69999".getBytes(StandardCharsets.US_ASCII)));
  }
}
