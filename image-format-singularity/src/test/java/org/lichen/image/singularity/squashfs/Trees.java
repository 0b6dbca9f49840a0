package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.lichen.testkit.Needs;

/**
 * A tree with one of everything, and squashfs images of it:
 *
 * <pre>
 *   bin/one            1 byte              data/noise   300,000 bytes that do not shrink
 *   bin/hard           the same inode      data/text    1,500,000 bytes that do
 *   bin/link           -> one              data/same    the same content once more
 *   bin/long           -> 1,000 bytes      data/exact   131,072 bytes: a block of the usual size
 *   empty, empty.d/                        data/sparse  8 MiB with holes in front, within, behind
 *   many/0 … many/599                      data/hole    1 MiB, nothing but a hole
 *   names/ä €, names/" b", a/b/c/…/z       data/xattr   with attributes
 *   dev/{null,disk,fifo,socket}            (pseudo files of mksquashfs, owned by 1 and 2)
 * </pre>
 */
final class Trees {
  private static final FileTime THEN = FileTime.from(Instant.parse("2020-02-03T04:05:06Z"));

  private Trees() {}

  static Path make(Path root) throws IOException {
    Random random = new Random(7);
    for (String directory : List.of("bin", "data", "many", "names", "empty.d", "dev")) {
      Files.createDirectories(root.resolve(directory));
    }
    Files.write(root.resolve("bin/one"), new byte[] {1});
    Files.createLink(root.resolve("bin/hard"), root.resolve("bin/one"));
    Files.createSymbolicLink(root.resolve("bin/link"), Path.of("one"));
    Files.createSymbolicLink(root.resolve("bin/long"), Path.of("x/".repeat(500)));
    Files.createFile(root.resolve("empty"));
    Files.write(root.resolve("data/noise"), noise(random, 300_000));
    byte[] text = text(random, 1_500_000);
    Files.write(root.resolve("data/text"), text);
    Files.write(root.resolve("data/same"), text);
    Files.write(root.resolve("data/exact"), noise(random, 131_072));
    try (RandomAccessFile sparse =
            new RandomAccessFile(root.resolve("data/sparse").toFile(), "rw");
        RandomAccessFile hole = new RandomAccessFile(root.resolve("data/hole").toFile(), "rw")) {
      sparse.setLength(8 << 20);
      sparse.seek(2 << 20);
      sparse.write(noise(random, 200_000));
      sparse.seek(5 << 20);
      sparse.write(text, 0, 500);
      hole.setLength(1 << 20);
    }
    for (int i = 0; i < 600; i++) {
      Files.writeString(root.resolve("many/" + i), "file " + i + "\n");
    }
    Files.writeString(root.resolve("names/ä €"), "utf-8");
    Files.writeString(root.resolve("names/ b"), "blank");
    Path deep = root;
    for (char c = 'a'; c <= 'z'; c++) {
      deep = Files.createDirectory(deep.resolve(String.valueOf(c)));
    }
    Files.writeString(deep.resolve("bottom"), "deep");
    byte[] shared = noise(random, 1000);
    Path with = Files.writeString(root.resolve("data/xattr"), "attributes");
    Files.setAttribute(with, "user:long", shared);
    Files.setAttribute(with, "user:short", "v".getBytes(StandardCharsets.UTF_8));

    Path other = Files.writeString(root.resolve("data/xattr2"), "the same value once more");
    Files.setAttribute(other, "user:long", shared);
    return root;
  }

  static byte[] noise(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  static byte[] text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append("line ").append(random.nextInt(100)).append(" of a text that shrinks well\n");
    }
    return text.substring(0, length).getBytes(StandardCharsets.US_ASCII);
  }

  /** An image of a tree, with devices, made with these options of mksquashfs. */
  static Path image(Path tree, Path image, String... options) throws Exception {
    Path pseudo = image.resolveSibling(image.getFileName() + ".pseudo");
    Files.writeString(
        pseudo,
        """
        /dev/null c 0666 1 2 1 3
        /dev/disk b 0660 1 2 259 7
        /dev/fifo i 0644 1 2 f
        /dev/socket i 0755 1 2 s
        """);
    List<String> command =
        new ArrayList<>(
            List.of(
                Needs.program("mksquashfs").toString(),
                tree.toString(),
                image.toString(),
                "-noappend",
                "-no-progress",
                "-quiet",
                "-processors",
                "2",
                "-mem",
                "64M",
                "-pf",
                pseudo.toString()));
    command.addAll(List.of(options));
    Needs.output(command.toArray(new String[0]));
    return image;
  }

  static void setTimes(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.filter(p -> !Files.isSymbolicLink(p)).toList()) {
        Files.setLastModifiedTime(each, THEN);
      }
    }
  }
}
