package org.lichen.fs.extract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.posix.Trees;
import org.lichen.store.OciStore;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FilesystemStrategyConformance;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RawTar;

class ExtractStrategyTest extends FilesystemStrategyConformance {
  private static final RootfsOptions RANGES = new RootfsOptions(false, false, Ownership.RANGES);

  private final ExtractStrategy strategy = new ExtractStrategy();

  @Override
  protected FilesystemStrategy strategy() {
    return strategy;
  }

  @Override
  protected LayerPath layer(byte[] tar) throws Exception {
    ImageStore store = new OciStore(temporary.resolve("home"), Map::of);
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

  @AfterEach
  void removeTrees() throws Exception {
    Trees.remove(container);
  }

  @Test
  void devices_areLeftOutAndHideWhatIsBelow() throws Exception {
    Path root =
        made(
            SINGLE,
            new RawTar().directory("dev").file("dev/null", "a file").bytes(),
            new RawTar().directory("dev").node("dev/null", '3').node("dev/fifo", '6').bytes());
    assertThat(names(root.resolve("dev"))).containsExactly("fifo");
  }

  @Test
  void owners_areListedAsTheHighestLayerSays() throws Exception {
    Path root =
        made(
            RANGES,
            new RawTar()
                .directory("a", 01777)
                .pax("uid", "7")
                .file("a/su", 06755, new byte[] {1})
                .file("\u00ff \"", "odd")
                .hardlink("a/other", "a/su")
                .bytes(),
            new RawTar().pax("gid", "9").file("a/new", "x").file("a/.wh.su", "").bytes());
    assertThat(root).isDirectory();
    byte[] list = Files.readAllBytes(container.resolve("rootfs.owners"));
    List<String> entries = List.of(new String(list, StandardCharsets.ISO_8859_1).split("\0", -1));
    assertThat(entries)
        .contains("0 0 1777 a", "7 0 6755 a/other", "0 9 644 a/new", "0 0 644 \u00ff \"")
        .noneMatch(entry -> entry.endsWith("a/su"));
  }

  @Test
  void preparation_killedAtAnyMoment_succeedsWhenRepeated() throws Exception {
    RawTar tar = new RawTar();
    for (int d = 0; d < 20; d++) {
      tar.directory("d" + d, 0555);
      for (int f = 0; f < 20; f++) {
        tar.file("d" + d + "/" + f, 0444, new byte[3000]);
      }
    }
    List<LayerPath> layers = List.of(layer(tar.bytes()));
    Step step = strategy.preparation(layers, strategy.plan(layers, SINGLE), SINGLE).orElseThrow();
    long seed = Long.getLong("lichen.seed", System.nanoTime());
    System.out.println("seed " + seed + " (repeat with -Dlichen.seed)");
    Random random = new Random(seed);
    long begun = System.nanoTime();
    assertThat(run(step)).isEmpty();
    int whole = (int) ((System.nanoTime() - begun) / 1_000_000) + 1;
    Trees.remove(container.resolve("rootfs"));
    int finished = 0;
    for (int i = 0; i < 50; i++) {
      Process process = start(step);
      Thread.sleep(random.nextInt(whole + whole / 4));
      process.destroyForcibly().waitFor();
      Path root = container.resolve("rootfs");
      if (Files.exists(root)) {
        finished++;
        assertThat(names(root)).hasSize(20); // never half of it at its place
        Trees.remove(root);
      }
    }
    System.out.println(finished + " of 50 were finished before they were killed");
    assertThat(run(step)).isEmpty();
    assertThat(names(container)).containsExactly("rootfs");
    assertThat(names(container.resolve("rootfs/d19"))).hasSize(20);
    assertThat(run(step)).as("it is there already").isEmpty();
  }

  @Test
  void preparation_onAFullDisk_saysSoAndLeavesNothing() throws Exception {
    byte[] noise = new byte[8 << 20];
    new Random(1).nextBytes(noise);
    List<LayerPath> layers = List.of(layer(new RawTar().file("large", 0644, noise).bytes()));
    Step step = strategy.preparation(layers, strategy.plan(layers, RANGES), RANGES).orElseThrow();
    assertThat(run(step)).isEmpty(); // also puts the program into its place
    String unshare = Needs.program("unshare").toString();
    String script =
        "mount -t tmpfs -o size=4m none \"$0\" && cd \"$0\" && \"$@\"; echo status $?; ls -A";
    Path disk = Files.createDirectory(temporary.resolve("disk"));
    List<String> command =
        new ArrayList<>(List.of(unshare, "-r", "-m", "sh", "-c", script, disk.toString()));
    command.add(temporary.resolve("lichen-extract").toString());
    command.addAll(step.argv().subList(1, step.argv().size()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Needs.that(!said.contains("unshare:") && !said.contains("mount:"), "user namespaces: " + said);
    assertThat(said)
        .isEqualTo(
            "lichen: cannot prepare the root file system (rootfs/large): no space left on the file"
                + " system\nhint: free some space, or keep Lichen's data elsewhere: --home DIR\n"
                + "status 125\n");
  }

  @Test
  void preparation_damagedLayer_isRefused() throws Exception {
    LayerPath layer = layer(new RawTar().file("a", "x").bytes());
    String index = Files.readString(layer.index());
    Files.writeString(layer.index(), index.substring(0, index.length() - 20));
    List<LayerPath> layers = List.of(layer);
    Step step = strategy.preparation(layers, strategy.plan(layers, SINGLE), SINGLE).orElseThrow();
    assertThat(run(step)).startsWith("status 125: lichen: cannot prepare").contains("damaged");
    assertThat(names(container)).isEmpty();
  }
}
