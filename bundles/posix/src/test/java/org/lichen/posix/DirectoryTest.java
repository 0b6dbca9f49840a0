package org.lichen.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryTest {
  @TempDir Path temporary;
  private Path root;

  @BeforeEach
  void makeRoot() throws Exception {
    root = Files.createDirectory(temporary.resolve("root"));
  }

  private static byte[] b(String name) {
    return Bytes.of(name);
  }

  @Test
  void file_writtenAndRead_keepsBytesModeAndTime() throws Exception {
    Instant time = Instant.ofEpochSecond(1_700_000_000L, 123_456_789);
    byte[] odd = {'a', (byte) 0xff, '\n', 'b'};
    try (Directory dir = Directory.open(root)) {
      try (Descriptor file = dir.file(odd, Linux.O_RDWR | Linux.O_CREAT | Linux.O_EXCL, 0600)) {
        file.write(ByteBuffer.wrap(new byte[200_000]));
        file.chmod(0640);
        file.touch(time);
        FileStatus status = file.status();
        assertThat(status.size()).isEqualTo(200_000);
        assertThat(status.permissions()).isEqualTo(0640);
        assertThat(status.modified()).isEqualTo(time);
        assertThat(status.regular()).isTrue();
        assertThat(status.links()).isEqualTo(1);
        file.position(0);
        ByteBuffer all = ByteBuffer.allocate(300_000);
        int got;
        do {
          got = file.read(all);
        } while (got >= 0);
        assertThat(all.position()).isEqualTo(200_000);
      }
      assertThat(dir.list()).containsExactly(odd);
      assertThat(dir.status(odd).uid()).isEqualTo(Caller.uid());
      assertThat(dir.find(b("none"))).isEmpty();
    }
  }

  @Test
  void makeNode_fifoAndWhiteout_areWhatTheySay() throws Exception {
    try (Directory dir = Directory.open(root)) {
      dir.makeNode(b("fifo"), Linux.S_IFIFO | 0600, 0);
      assertThat(dir.status(b("fifo")).type()).isEqualTo(Linux.S_IFIFO);
      dir.makeNode(b("gone"), Linux.S_IFCHR, 0);
      assertThat(dir.status(b("gone")).whiteout()).isTrue();
    }
  }

  @Test
  void attributes_ofUser_areKept() throws Exception {
    try (Directory dir = Directory.open(root)) {
      dir.setAttribute("user.lichen.test", b("value"));
      assertThat(dir.attribute("user.lichen.test")).contains(b("value"));
      assertThat(dir.attributes()).contains("user.lichen.test");
      dir.removeAttribute("user.lichen.test");
      assertThat(dir.attribute("user.lichen.test")).isEmpty();
    }
  }

  @Test
  void failure_ofACall_namesFileAndReason() throws Exception {
    try (Directory dir = Directory.open(root)) {
      assertThatThrownBy(() -> dir.removeFile(b("none")))
          .hasMessage("remove 'none': no such file or directory (ENOENT)");
    }
  }

  /*
   * root/a/b        root/up -> ../../..     root/abs -> /a     root/loop -> loop
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void inRoot_linksAndDots_stayInside(boolean walk) throws Exception {
    Files.createDirectories(root.resolve("a/b"));
    Files.createSymbolicLink(root.resolve("up"), Path.of("../../.."));
    Files.createSymbolicLink(root.resolve("abs"), Path.of("/a"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    Files.createSymbolicLink(root.resolve("magic"), Path.of("/proc/self/root"));
    try (Directory dir = Directory.open(root)) {
      InRoot inRoot = new InRoot(dir, walk);
      FileStatus a = dir.status(b("a"));
      for (String path : new String[] {"a", "/a", "../../a", "up/a", "abs", "up/../abs/b/.."}) {
        try (Directory found = inRoot.open(b(path))) {
          assertThat(found.status().sameFile(a)).as(path).isTrue();
        }
      }
      for (String path : new String[] {"", ".", "..", "up", "a/../.."}) {
        try (Directory found = inRoot.open(b(path))) {
          assertThat(found.status().sameFile(dir.status())).as(path).isTrue();
        }
      }
      assertThatThrownBy(() -> inRoot.open(b("loop")).close()).hasMessageContaining("ELOOP");
      assertThatThrownBy(() -> inRoot.open(b("magic")).close()).hasMessageContaining("ENOENT");
    }
  }

  @Test
  void remove_deepTreeWithModeZero_isGone() throws Exception {
    try (Directory dir = Directory.open(root)) {
      Directory at = dir.directory(b("."));
      for (int i = 0; i < 3000; i++) {
        at.makeDirectory(b("d"), 0700);
        at.makeNode(b("fifo"), Linux.S_IFIFO, 0);
        Directory next = at.directory(b("d"));
        at.close();
        at = next;
        if (i == 1000) {
          at.makeDirectory(b("locked"), 0);
        }
      }
      at.close();
      dir.chmod(b("d"), 0);
    }
    Trees.remove(root);
    assertThat(Files.exists(root)).isFalse();
    Trees.remove(root);
  }
}
