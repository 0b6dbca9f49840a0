package org.lichen.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * What every filesystem strategy must do. The tree that a guest would see is looked at from the
 * host: for a merged tree that is the tree itself; a union shows it by {@link #seen}.
 */
public abstract class FilesystemStrategyConformance {
  protected static final RootfsOptions SINGLE = new RootfsOptions(false, false, Ownership.SINGLE);

  @TempDir protected Path temporary;

  /** The directory of a container. */
  protected Path container = Path.of("/nonexistent");

  protected abstract FilesystemStrategy strategy();

  /** Puts a layer into a store below {@code temporary}. */
  protected abstract LayerPath layer(byte[] tar) throws Exception;

  /** The tree that a guest of the container sees. */
  protected Path seen(RootfsPlan plan) throws Exception {
    return container.resolve(plan.lowers().get(0).location());
  }

  @BeforeEach
  final void makeContainer() throws Exception {
    container = Files.createDirectory(temporary.resolve("container"));
  }

  /** Plans, prepares, and shows the tree. */
  protected final Path made(RootfsOptions options, byte[]... tars) throws Exception {
    List<LayerPath> layers = new ArrayList<>();
    for (byte[] tar : tars) {
      layers.add(layer(tar));
    }
    RootfsPlan plan = strategy().plan(layers, options);
    assertThat(plan.version()).isEqualTo(RootfsPlan.VERSION);
    Optional<Step> step = strategy().preparation(layers, plan, options);
    if (step.isPresent()) {
      assertThat(run(step.get())).as("preparation").isEmpty();
    }
    return seen(plan);
  }

  /** Runs a step as the shim does; what it says is empty if it succeeded. */
  protected final String run(Step step) throws Exception {
    Process process = start(step);
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    int status = process.waitFor();
    return status == 0 ? said : "status " + status + ": " + said;
  }

  protected final Process start(Step step) throws Exception {
    Path program = temporary.resolve(step.program().name());
    if (!Files.exists(program)) {
      try (InputStream in = step.program().open()) {
        Files.copy(in, program, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    List<String> command = new ArrayList<>(step.argv());
    command.set(0, program.toString());
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(container.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(step.environment());
    return builder.start();
  }

  @Test
  void plan_isPure() throws Exception {
    RootfsPlan plan = strategy().plan(List.of(layer(new RootTree().bytes())), SINGLE);
    assertThat(container).isEmptyDirectory();
    assertThat(plan.lowers()).isNotEmpty();
    assertThat(strategy().name()).matches("[a-z][a-z0-9-]*");
  }

  @Test
  void oneLayer_isSeenWhole() throws Exception {
    Path root = made(SINGLE, new RootTree().bytes());
    assertThat(root.resolve("bin/tool")).hasContent("tool");
    assertThat(mode(root.resolve("bin/tool"))).isEqualTo("rwxr-x--x");
    assertThat(mode(root.resolve("private"))).isEqualTo("rwx------");
    assertThat(Files.readSymbolicLink(root.resolve("lib"))).isEqualTo(Path.of("usr/lib"));
    assertThat(Files.isSameFile(root.resolve("bin/tool"), root.resolve("bin/again"))).isTrue();
    assertThat(Files.getLastModifiedTime(root.resolve("bin/tool")).toInstant().getEpochSecond())
        .isEqualTo(1_700_000_000L);
    assertThat(Files.getLastModifiedTime(root.resolve("bin")).toInstant().getEpochSecond())
        .isEqualTo(1_700_000_000L);
    assertThat(
            new String(
                (byte[]) Files.getAttribute(root.resolve("noted"), "user:note"),
                java.nio.charset.StandardCharsets.US_ASCII))
        .isEqualTo("yes");
    assertThat(Files.size(root.resolve("holes"))).isEqualTo(100_000_003);
    assertThat((long) Files.getAttribute(root.resolve("holes"), "unix:ino")).isPositive();
  }

  /** A small root file system. */
  private static final class RootTree {
    byte[] bytes() {
      return new RawTar()
          .directory("bin")
          .file("bin/tool", 04751, new byte[] {'t', 'o', 'o', 'l'})
          .hardlink("bin/again", "bin/tool")
          .directory("private", 0)
          .file("private/secret", 0, new byte[] {'s'})
          .symlink("lib", "usr/lib")
          .pax("SCHILY.xattr.user.note", "yes")
          .file("noted", "x")
          .pax("GNU.sparse.map", "100000000,3")
          .pax("GNU.sparse.size", "100000003")
          .file("holes", "end")
          .node("pipe", '6')
          .bytes();
    }
  }

  private static String mode(Path file) throws Exception {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
  }

  /*
   * lowest:  a/  a/1  a/2  b/  b/1  c  d/  d/1  e/  e/1      f -> a
   * middle:  a/  a/3  -a/1   (b opaque) b/2   -c   d         -e  e/2    f/  f/1
   * highest: a/4 (a implied)  c/  c/1   d/2 (d implied)
   */
  @Test
  void layers_areMerged() throws Exception {
    byte[] lowest =
        new RawTar()
            .directory("a", 0700)
            .file("a/1", "a1")
            .file("a/2", "a2")
            .directory("b")
            .file("b/1", "b1")
            .file("c", "c")
            .directory("d")
            .file("d/1", "d1")
            .directory("e")
            .file("e/1", "e1")
            .symlink("f", "a")
            .bytes();
    byte[] middle =
        new RawTar()
            .directory("a", 0711)
            .file("a/3", "a3")
            .file("a/.wh.1", "")
            .directory("b")
            .file("b/.wh..wh..opq", "")
            .file("b/2", "b2")
            .file(".wh.c", "")
            .file("d", "file")
            .file(".wh.e", "")
            .directory("e")
            .file("e/2", "e2")
            .directory("f")
            .file("f/1", "f1")
            .bytes();
    byte[] highest =
        new RawTar().file("a/4", "a4").directory("c").file("c/1", "c1").file("d/2", "d2").bytes();
    Path root = made(SINGLE, lowest, middle, highest);
    assertThat(names(root)).containsExactly("a", "b", "c", "d", "e", "f");
    assertThat(names(root.resolve("a"))).containsExactly("2", "3", "4");
    assertThat(names(root.resolve("b"))).containsExactly("2");
    assertThat(names(root.resolve("c"))).containsExactly("1");
    assertThat(names(root.resolve("d"))).containsExactly("2");
    assertThat(names(root.resolve("e"))).containsExactly("2");
    assertThat(names(root.resolve("f"))).containsExactly("1");
    assertThat(mode(root.resolve("a"))).isEqualTo("rwx--x--x");
  }

  protected static List<String> names(Path directory) throws Exception {
    try (var files = Files.list(directory)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void hostileLayers_stayInside() throws Exception {
    Path outside = Files.createDirectory(temporary.resolve("outside"));
    Files.writeString(outside.resolve("kept"), "kept");
    RawTar lower = new RawTar().directory("d").file("d/x", "x").file("x", "x");
    RawTar upper = new RawTar().symlink("d", outside.toString()).hardlink("y", "d");
    Path root = made(SINGLE, lower.bytes(), upper.bytes());
    assertThat(Files.isSymbolicLink(root.resolve("d"))).isTrue();
    assertThat(names(outside)).containsExactly("kept");
  }
}
