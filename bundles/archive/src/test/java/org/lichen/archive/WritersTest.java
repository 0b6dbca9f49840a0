package org.lichen.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.posix.Bytes;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;

class WritersTest {
  private static final int NEW = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;

  @TempDir Path directory;

  private Writers.Target begin(Writers writers, Path path, int flags) throws IOException {
    return writers.begin(
        Descriptor.open(path, flags, 0600), Bytes.of(String.valueOf(path.getFileName())));
  }

  private static void write(Writers writers, Writers.Target to, int value, int times)
      throws IOException {
    for (int i = 0; i < times; i++) {
      ByteBuffer buffer = writers.buffer();
      while (buffer.hasRemaining()) {
        buffer.put((byte) value);
      }
      to.write(buffer);
    }
  }

  private static long open() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @Test
  void write_manyFiles_eachIsWholeAndInOrder() throws IOException {
    List<String> ended = new ArrayList<>();
    long before = open();
    try (Writers writers = new Writers()) {
      for (int i = 0; i < 200; i++) {
        Writers.Target to = begin(writers, directory.resolve("f" + i), NEW);
        write(writers, to, i, i % 4);
        String name = "f" + i;
        to.end(
            () -> {
              synchronized (ended) {
                ended.add(name);
              }
            });
      }
      writers.finish();
    }
    assertThat(ended).hasSize(200);
    for (int i = 0; i < 200; i++) {
      byte[] content = Files.readAllBytes(directory.resolve("f" + i));
      assertThat(content.length % 4096).isZero();
      assertThat(content.length > 0).isEqualTo(i % 4 > 0);
      for (byte each : content) {
        assertThat(each).isEqualTo((byte) i);
      }
    }
    assertThat(open()).isEqualTo(before);
  }

  @Test
  void write_aHole_isLeft() throws IOException {
    Path file = directory.resolve("sparse");
    try (Writers writers = new Writers()) {
      Writers.Target to = begin(writers, file, NEW);
      to.position(1 << 20);
      write(writers, to, 1, 1);
      to.position(2 << 20);
      write(writers, to, 2, 1);
      to.truncate(3 << 20);
      to.end(() -> {});
      writers.finish();
    }
    byte[] content = Files.readAllBytes(file);
    assertThat(content).hasSize(3 << 20);
    assertThat(content[(1 << 20) - 1]).isZero();
    assertThat(content[1 << 20]).isEqualTo((byte) 1);
    assertThat(content[2 << 20]).isEqualTo((byte) 2);
    assertThat(content[(3 << 20) - 1]).isZero();
  }

  /** A full disk is told as such, and nothing after it is written. */
  @Test
  void write_fullDisk_isToldAtALaterCall() throws IOException {
    long before = open();
    Path after = directory.resolve("after");
    try (Writers writers = new Writers()) {
      Writers.Target to = begin(writers, Path.of("/dev/full"), Linux.O_WRONLY);
      write(writers, to, 1, 1);
      to.end(() -> {});
      Throwable failure =
          catchThrowable(
              () -> {
                for (int i = 0; i < 100; i++) {
                  Thread.sleep(10);
                  writers.back(writers.buffer());
                }
              });
      assertThat(failure)
          .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.full()).isTrue());
      begin(writers, after, NEW).abandon();
      assertThat(catchThrowable(writers::finish)).isSameAs(failure);
    }
    assertThat(after).isEmptyFile();
    assertThat(open()).isEqualTo(before);
  }

  @Test
  void write_whatCannotBeWritten_namesTheEntry() throws IOException {
    Path file = Files.createFile(directory.resolve("read-only"));
    try (Writers writers = new Writers()) {
      Writers.Target to = begin(writers, file, Linux.O_RDONLY);
      write(writers, to, 1, 1);
      to.end(() -> {});
      assertThat(catchThrowable(writers::finish))
          .isInstanceOf(ArchiveException.class)
          .hasMessageContaining("entry 'read-only' cannot be unpacked");
    }
  }
}
