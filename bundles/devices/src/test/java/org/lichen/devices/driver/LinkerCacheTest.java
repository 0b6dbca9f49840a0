package org.lichen.devices.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.testkit.Needs;

class LinkerCacheTest {
  @TempDir Path directory;

  /** The cache of this machine, or one that its ldconfig makes. */
  private static Path cache() {
    Path cache = Path.of("/etc/ld.so.cache");
    Needs.that(Files.isReadable(cache) && Files.exists(ldconfig()), "a glibc host");
    return cache;
  }

  private static Path ldconfig() {
    return Files.exists(Path.of("/usr/sbin/ldconfig"))
        ? Path.of("/usr/sbin/ldconfig")
        : Path.of("/sbin/ldconfig");
  }

  private static List<String> printed(String... more) throws Exception {
    List<String> command = new ArrayList<>(List.of(ldconfig().toString(), "-p"));
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    List<String> lines = new ArrayList<>();
    for (String line : output.lines().toList()) {
      if (line.contains(" => ")) {
        lines.add(line.strip().replaceFirst(" \\(.*\\) => ", " => "));
      }
    }
    return lines;
  }

  private static List<String> read(LinkerCache cache) {
    return cache.libraries().stream().map(each -> each.name() + " => " + each.path()).toList();
  }

  @Test
  void theCacheOfThisMachine_isReadAsLdconfigDoes() throws Exception {
    List<String> found = read(LinkerCache.read(cache()));
    assertThat(found).isNotEmpty().containsExactlyElementsOf(printed());
  }

  @Test
  void bothFormatsInOneFile_areReadAsLdconfigDoes() throws Exception {
    cache();
    Path made = directory.resolve("compat");
    Process process =
        new ProcessBuilder(
                ldconfig().toString(), "-X", "-c", "compat", "-C", made.toString(), "/usr/lib")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    assertThat(process.waitFor()).isZero();
    assertThat(Files.readAllBytes(made)).startsWith("ld.so-1.7.0".getBytes(StandardCharsets.UTF_8));
    List<String> found = read(LinkerCache.read(made));
    assertThat(found).isNotEmpty().containsExactlyElementsOf(printed("-C", made.toString()));
  }

  @Test
  void librariesOfThisArchitecture_areTold() throws Exception {
    assertThat(LinkerCache.read(cache()).libraries())
        .anySatisfy(
            library -> {
              assertThat(library.name()).isEqualTo("libc.so.6");
              assertThat(library.fits() && library.plain()).isTrue();
            });
  }

  @Test
  void aCacheThatIsCutOff_isRefusedAtEveryLength() throws Exception {
    byte[] whole = small();
    assertThat(read(LinkerCache.read(whole, "small"))).containsExactly("a.so => /l/a.so");
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> LinkerCache.read(cut, "small"))
          .as("%d bytes", length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("small (at byte ");
    }
  }

  @Test
  void countsAndOffsetsThatLie_areRefused() {
    for (int field : List.of(20, 48 + 4, 48 + 8)) {
      for (int lie : List.of(-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 20)) {
        byte[] bytes = small();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(field, lie);
        assertThatThrownBy(() -> LinkerCache.read(bytes, "lie"))
            .as("%d at %d", lie, field)
            .isInstanceOf(IOException.class);
      }
    }
  }

  /** One library; its texts end the file. */
  private static byte[] small() {
    byte[] texts = "a.so\0/l/a.so\0".getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(48 + 24 + texts.length).order(ByteOrder.LITTLE_ENDIAN);
    out.put("glibc-ld.so.cache1.1".getBytes(StandardCharsets.UTF_8)).putInt(1);
    out.position(48);
    out.putInt(0x0303).putInt(72).putInt(77).putInt(0).putLong(0).put(texts);
    return out.array();
  }
}
