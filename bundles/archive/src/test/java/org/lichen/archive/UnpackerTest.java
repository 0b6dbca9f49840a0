package org.lichen.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lichen.api.Digest;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;
import org.lichen.posix.FileStatus;
import org.lichen.posix.Trees;
import org.lichen.testkit.HostileArchives;
import org.lichen.testkit.HostileArchives.Hostile;
import org.lichen.testkit.RawTar;

/*
 * temporary/outside/kept    must stay as it is
 * temporary/layer/fs        what is unpacked
 * temporary/layer/index
 */
class UnpackerTest {
  private Path temporary = Path.of("/nonexistent");
  private Path outside = temporary;
  private Path layer = temporary;

  @BeforeEach
  void make() throws IOException {
    temporary = Files.createTempDirectory("unpacker");
    outside = Files.createDirectory(temporary.resolve("outside"));
    Files.writeString(outside.resolve("kept"), "kept");
    layer = Files.createDirectory(temporary.resolve("layer"));
  }

  @AfterEach
  void remove() throws IOException {
    Trees.remove(temporary);
  }

  private String unpack(byte[] tar, Whiteouts encoding) throws IOException {
    Trees.remove(layer.resolve("fs"));
    Files.createDirectory(layer.resolve("fs"));
    Path index = layer.resolve("index");
    try (Directory root = Directory.open(layer.resolve("fs"));
        var out = Channels.newChannel(Files.newOutputStream(index))) {
      LayerIndex lines = new LayerIndex(out, encoding);
      new Unpacker(root, encoding, lines).unpack(new TarReader(new ByteArrayInputStream(tar)));
      lines.finish(Digest.of(tar));
    }
    return Files.readString(index);
  }

  private FileStatus status(String path) throws IOException {
    Path file = Path.of(path);
    Path parent = file.getParent();
    Path in = layer.resolve("fs").resolve(parent == null ? Path.of("") : parent);
    try (Directory directory = Directory.open(in)) {
      return directory.status(Bytes.of(file.getFileName()));
    }
  }

  @ParameterizedTest
  @EnumSource(Whiteouts.class)
  void unpack_hostile_touchesNothingOutside(Whiteouts encoding) throws Exception {
    for (Hostile hostile : HostileArchives.all(outside)) {
      if (hostile.refused().isEmpty()) {
        unpack(hostile.tar(), encoding);
      } else {
        assertThatThrownBy(() -> unpack(hostile.tar(), encoding))
            .as(hostile.what())
            .isInstanceOf(ArchiveException.class)
            .hasMessageContaining(hostile.refused());
      }
      assertThat(outside).as(hostile.what()).isDirectoryContaining("glob:**kept");
      try (Stream<Path> files = Files.list(outside)) {
        assertThat(files.toList()).as(hostile.what()).hasSize(1);
      }
      assertThat(Files.readString(outside.resolve("kept"))).as(hostile.what()).isEqualTo("kept");
      assertThat(temporary.toFile().list()).as(hostile.what()).hasSize(2);
      checkManageable(layer.resolve("fs"));
    }
  }

  /**
   * What is on disk is readable and removable without rights, and no program of a guest is setuid.
   */
  private static void checkManageable(Path root) throws IOException {
    try (Directory directory = Directory.open(root)) {
      for (byte[] name : directory.list()) {
        FileStatus status = directory.status(name);
        assertThat(status.mode() & 06000).isZero();
        if (!status.symlink() && !status.whiteout()) {
          assertThat(status.mode() & 0600).isEqualTo(0600);
        }
      }
    }
  }

  @Test
  void unpack_truncatedAtEveryLength_isRefused() {
    List<byte[]> cut = HostileArchives.truncated();
    for (byte[] tar : cut) {
      assertThatThrownBy(() -> unpack(tar, Whiteouts.AUFS))
          .as("length " + tar.length)
          .hasMessageContaining("cut off");
    }
  }

  @ParameterizedTest
  @EnumSource(Whiteouts.class)
  void unpack_whiteouts_hideOnlyWhatIsBelow(Whiteouts encoding) throws Exception {
    String index =
        unpack(
            new RawTar()
                .file(".wh.gone", "")
                .directory("both")
                .file("both/own", "x")
                .file(".wh.both", "")
                .file(".wh.later", "")
                .directory("later")
                .file(".wh.file", "")
                .file("file", "x")
                .directory("opaque")
                .file("opaque/.wh..wh..opq", "")
                .file(".wh.parent", "")
                .file("parent/child", "x")
                .file(".wh..wh.plnk/1.2", "")
                .bytes(),
            encoding);
    assertThat(index)
        .contains("{\"path\":\"gone\",\"type\":\"whiteout\"}")
        .contains("{\"path\":\"both\",\"type\":\"opaque\"}")
        .contains("{\"path\":\"later\",\"type\":\"opaque\"}")
        .contains("{\"path\":\"opaque\",\"type\":\"opaque\"}")
        .contains("{\"path\":\"parent\",\"type\":\"opaque\"}")
        .doesNotContain("plnk");
    assertThat(layer.resolve("fs/both/own")).exists();
    assertThat(layer.resolve("fs/parent/child")).exists();
    assertThat(status("file").regular()).isTrue();
    for (String opaque : new String[] {"both", "later", "opaque", "parent"}) {
      Path directory = layer.resolve("fs").resolve(opaque);
      try (Directory open = Directory.open(directory)) {
        if (encoding == Whiteouts.OVERLAY) {
          assertThat(open.attribute("user.overlay.opaque")).as(opaque).isPresent();
        } else {
          assertThat(directory.resolve(".wh..wh..opq")).as(opaque).exists();
        }
      }
    }
    if (encoding == Whiteouts.OVERLAY) {
      assertThat(status("gone").whiteout()).isTrue();
    } else {
      assertThat(layer.resolve("fs/.wh.gone")).exists();
      assertThat(layer.resolve("fs/.wh.file")).doesNotExist();
    }
  }

  @Test
  void unpack_metadata_isInTheIndex() throws Exception {
    String index =
        unpack(
            new RawTar()
                .pax("uid", "70000")
                .pax("mtime", "1234567890.000000042")
                .file("a/su", 04711, new byte[] {1})
                .pax("SCHILY.xattr.security.capability", "\1\0")
                .file("\u00ff", "x")
                .node("dev", '3')
                .hardlink("a/again", "/a/su")
                .file("\u00ff", "yy")
                .bytes(),
            Whiteouts.OVERLAY);
    assertThat(index.lines().toList())
        .contains(
            "{\"path\":\"a\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":0,\"gid\":0,"
                + "\"mtime\":\"0.000000000\",\"implied\":true}",
            "{\"path\":\"a/su\",\"type\":\"file\",\"mode\":\"4711\",\"uid\":70000,\"gid\":0,"
                + "\"mtime\":\"1234567890.000000042\",\"size\":1}",
            "{\"path\":\"a/again\",\"type\":\"hardlink\",\"link\":\"a/su\"}",
            "{\"path\":\"\\udcff\",\"type\":\"replaced\"}")
        .anyMatch(line -> line.contains("\"xattrs\":{\"security.capability\":\"AQA=\"}"))
        .anyMatch(line -> line.contains("\"type\":\"char\"") && line.contains("\"major\":0"));
    assertThat(status("a/su").permissions()).isEqualTo(0711);
    assertThat(status("a/su").links()).isEqualTo(2);
    assertThat(status("a/su").modified())
        .isEqualTo(java.time.Instant.ofEpochSecond(1234567890, 42));
    assertThat(status("dev").regular()).isTrue();
    assertThat(JsonText.bytes("\udcffx\ud83d\ude00"))
        .isEqualTo(
            new byte[] {(byte) 0xff, 'x', (byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80});
  }

  @Test
  void unpack_directories_keepTimeAndStickyBit() throws Exception {
    unpack(new RawTar().directory("tmp", 01777).file("tmp/x", "x").bytes(), Whiteouts.OVERLAY);
    assertThat(status("tmp").permissions()).isEqualTo(01777);
    assertThat(status("tmp").modified().getEpochSecond()).isEqualTo(1_700_000_000L);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(layer.resolve("fs"), LinkOption.NOFOLLOW_LINKS)))
        .isEqualTo("rwxr-xr-x");
  }
}
