package org.lichen.fs.uufs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.launcher.userns.UsernsLauncher;
import org.lichen.posix.Trees;
import org.lichen.store.OciStore;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FilesystemStrategyConformance;
import org.lichen.testkit.Golden;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RawTar;

/** Unions are looked at through a real mount of the launcher, in a user namespace. */
class UufsStrategyTest extends FilesystemStrategyConformance {
  private static final Path LAUNCHER = Path.of("../bundles/launcher-userns").toAbsolutePath();

  private final UufsStrategy strategy = new UufsStrategy();
  private final List<Process> shown = new ArrayList<>();
  private Path home = Path.of("/nonexistent");

  @Override
  protected FilesystemStrategy strategy() {
    return strategy;
  }

  private Path home() {
    if (!home.isAbsolute() || !home.startsWith(temporary)) {
      home = temporary.resolve("home");
    }
    return home;
  }

  @Override
  protected LayerPath layer(byte[] tar) throws Exception {
    ImageStore store = new OciStore(home(), Map::of);
    Optional<Digest> digest = Optional.of(Digest.of(tar));
    try (ImageStore.Writer writer = store.writer()) {
      Layer layer =
          writer.layer(
              new LayerContent.Archive(
                  digest, digest, "", () -> Channels.newChannel(new ByteArrayInputStream(tar))));
      writer.compose(new ImageConfig(Map.of()), List.of(layer));
      return store.unpacked(layer, FakeRequest.NOBODY);
    }
  }

  @Override
  protected Path seen(RootfsPlan plan) throws Exception {
    Needs.output(
        "make",
        "-s",
        "-C",
        LAUNCHER.resolve("src/main/c").toString(),
        "BUILD=" + LAUNCHER.resolve("target/native"),
        "tools");
    LaunchSpec spec = LaunchSpec.builder(List.of("nothing")).identity("single").build();
    Path payload =
        Files.write(
            temporary.resolve("payload"),
            new UsernsLauncher(List.of()).start(spec, plan).payload());
    Process process =
        new ProcessBuilder(LAUNCHER.resolve("target/native/show").toString())
            .directory(container.toFile())
            .redirectInput(payload.toFile())
            .redirectErrorStream(true)
            .start();
    shown.add(process);
    BufferedReader out =
        new BufferedReader(
            new java.io.InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String said = String.valueOf(out.readLine());
    Needs.that(!said.contains("user namespace"), "user namespaces: " + said);
    assertThat(said).startsWith("/proc/");
    return Path.of(said);
  }

  @AfterEach
  void end() throws Exception {
    for (Process process : shown) {
      process.destroyForcibly().waitFor();
    }
    Trees.remove(container); // also work/work, which has mode 000
  }

  private static LayerPath fake(char digit) {
    Digest diffId = new Digest("sha256", String.valueOf(digit).repeat(64));
    Path layer = Path.of("/layers", String.valueOf(digit));
    return new LayerPath(diffId, layer.resolve("fs"), layer.resolve("layer.json"), "overlay");
  }

  private static void golden(String name, RootfsPlan plan) throws IOException {
    StringBuilder text = new StringBuilder();
    plan.lowers().forEach(lower -> text.append(lower).append('\n'));
    text.append("upper ").append(plan.upper()).append(" work ").append(plan.work());
    text.append("\nread-only ").append(plan.readOnly());
    text.append("\nephemeral ").append(plan.ephemeral()).append('\n');
    Golden.assertThatText(name, text.toString());
  }

  @Test
  void plan_ofThreeLayers() throws IOException {
    golden("plan_ofThreeLayers", strategy.plan(List.of(fake('a'), fake('b'), fake('c')), SINGLE));
  }

  @Test
  void plan_ofARepeatedLayer_hasItOnceWhereItIsHighest() throws IOException {
    golden(
        "plan_ofARepeatedLayer",
        strategy.plan(
            List.of(fake('a'), fake('b'), fake('a'), fake('c'), fake('b')),
            new RootfsOptions(true, true, Ownership.RANGES, Path.of("local"))));
  }

  @Test
  void preparation_isNone() {
    List<LayerPath> layers = List.of(fake('a'));
    assertThat(strategy.preparation(layers, strategy.plan(layers, SINGLE), SINGLE)).isEmpty();
  }

  @Test
  void oddPaths_areMounted() throws Exception {
    home = temporary.resolve("a:b,c=d\\e'f\" \u00e9");
    container = Files.createDirectories(home.resolve("containers/x:y,z"));
    Path root =
        made(SINGLE, new RawTar().file("a", "1").bytes(), new RawTar().file("b", "2").bytes());
    assertThat(names(root)).containsExactly("a", "b");
  }

  @Test
  void manyLayers_areMounted() throws Exception {
    byte[][] tars = new byte[150][];
    for (int i = 0; i < tars.length; i++) {
      tars[i] = new RawTar().file("common", "from " + i).file("own" + i, "").bytes();
    }
    Path root = made(SINGLE, tars);
    assertThat(names(root)).hasSize(tars.length + 1);
    assertThat(root.resolve("common")).hasContent("from 149");
  }

  @Test
  void writing_leavesTheLayersAsTheyAre() throws Exception {
    Path root = made(SINGLE, new RawTar().directory("d", 0700).file("d/f", "below").bytes());
    List<String> before = listed(home().resolve("layers"));
    Files.writeString(root.resolve("d/f"), "above");
    Files.createDirectory(root.resolve("d/new"));
    Files.delete(root.resolve("d/f"));
    assertThat(names(root.resolve("d"))).containsExactly("new");
    assertThat(listed(home().resolve("layers"))).isEqualTo(before);
    assertThat(names(container.resolve("upper/d"))).contains("f", "new"); // f is hidden by a mark
  }

  /** Path, mode, size, and time of everything below. */
  private static List<String> listed(Path tree) throws IOException {
    try (var all = Files.walk(tree)) {
      return all.sorted().map(UufsStrategyTest::told).toList();
    }
  }

  private static String told(Path file) {
    try {
      return file + " " + Files.readAttributes(file, "posix:*", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /*
   * lowest:  a/ (0711)  a/b/ (0700)  c/ (0711)  d/ (0711)
   * middle:  -c  d opaque
   * highest: a/b/x  c/x  d/x   (a, a/b, c, d implied)
   */
  @Test
  void impliedDirectories_areWhatTheLayersBelowSay() throws Exception {
    Path root =
        made(
            SINGLE,
            new RawTar()
                .directory("a", 0711)
                .directory("a/b", 0700)
                .directory("c", 0711)
                .directory("d", 0711)
                .bytes(),
            new RawTar().file(".wh.c", "").file("d/.wh..wh..opq", "").bytes(),
            new RawTar().file("a/b/x", "").file("c/x", "").file("d/x", "").bytes());
    assertThat(mode(root.resolve("a"))).isEqualTo("rwx--x--x");
    assertThat(mode(root.resolve("a/b"))).isEqualTo("rwx------");
    assertThat(Files.getLastModifiedTime(root.resolve("a/b")).toInstant().getEpochSecond())
        .isEqualTo(1_700_000_000L);
    assertThat(mode(root.resolve("c"))).as("hidden below").isEqualTo("rwxr-xr-x");
    assertThat(mode(root.resolve("d"))).as("opaque below").isEqualTo("rwxr-xr-x");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
