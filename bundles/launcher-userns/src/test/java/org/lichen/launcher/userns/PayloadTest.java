package org.lichen.launcher.userns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lichen.api.Digest;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.image.LayerPath;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.testkit.Golden;

/** What the program is told, as text (src/test/golden). */
class PayloadTest {
  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  private static LaunchSpec.Builder plain() {
    return LaunchSpec.builder(List.of("sh", "-c", "id")).identity("basic");
  }

  private static void golden(String name, byte[] payload) throws IOException {
    Golden.assertThatText(name, Golden.text(payload));
  }

  @Test
  void start_plain() throws IOException {
    golden("start_plain", Payload.start(plain().build(), TREE));
  }

  @Test
  void start_everything() throws IOException {
    LaunchSpec spec =
        plain()
            .identity("single")
            .environment("A", "b c")
            .directory("/work")
            .user("1000:1000")
            .hostname("box")
            .mount(bind("/data", "/mnt", "ro", "nosuid"))
            .mount(new Mount("", new GuestPath("/tmp"), "tmpfs", options("size=1048576")))
            .file("/etc/hosts", "127.0.0.1\tlocalhost\n".getBytes(StandardCharsets.UTF_8))
            .copy("/etc/resolv.conf", "/etc/resolv.conf")
            .namespace("net", "none")
            .namespace("ipc", "host")
            .capability("CHOWN")
            .capability("KILL")
            .limit("nofile", "1024:4096")
            .limit("core", "unlimited")
            .seccomp(false)
            .init(false)
            .terminal(true)
            .build();
    golden(
        "start_everything",
        Payload.start(
            spec,
            RootfsPlan.builder()
                .lower(Lower.directory(Path.of("rootfs")))
                .owners(Path.of("owners"))
                .readOnly(true)
                .build()));
  }

  @Test
  void start_union() throws IOException {
    RootfsPlan union =
        RootfsPlan.builder()
            .lower(Lower.layer(layer("b", "overlay")))
            .lower(Lower.layer(layer("a", "aufs")))
            .lower(Lower.directory(Path.of("/plain")))
            .upper(Path.of("upper"), Path.of("work"))
            .ephemeral(true)
            .readOnly(true)
            .build();
    golden("start_union", Payload.start(plain().build(), union));
  }

  @Test
  void start_union_withRealOwners_namesCopiesOfLayers() {
    RootfsPlan union =
        RootfsPlan.builder()
            .lower(Lower.layer(layer("a", "overlay")))
            .upper(Path.of("upper"), Path.of("work"))
            .build();
    byte[] payload = Payload.start(plain().identity("ranges").build(), union);
    assertThat(Golden.text(payload))
        .containsPattern(
            "path /layers/a/fs\\n.*indx /layers/a/layer.json\\n.*"
                + "ownd /layers/a/owned-[0-9a-f]{12}\\n");
  }

  @Test
  void start_union_ofAnImageInAFile_namesItAndItsOffset() {
    LayerPath.Packed packed = new LayerPath.Packed(Path.of("/a.sif"), Lower.SQUASHFS, 4096);
    LayerPath layer = layer("a", "overlay");
    RootfsPlan union =
        RootfsPlan.builder()
            .lower(
                Lower.layer(
                    new LayerPath(
                        layer.diffId(),
                        layer.directory(),
                        layer.index(),
                        "overlay",
                        Optional.of(packed))))
            .upper(Path.of("upper"), Path.of("work"))
            .build();
    byte[] payload = Payload.start(plain().identity("ranges").build(), union);
    assertThat(Golden.text(payload))
        .containsPattern("path /a.sif\\n.*kind squashfs\\n.*offs = 4096")
        .doesNotContain("indx", "ownd");
  }

  private static LayerPath layer(String name, String whiteouts) {
    Digest diffId = Digest.of(name.getBytes(StandardCharsets.UTF_8));
    Path layer = Path.of("/layers", name);
    return new LayerPath(diffId, layer.resolve("fs"), layer.resolve("layer.json"), whiteouts);
  }

  @Test
  void start_privileged_hidesNothing() throws IOException {
    LaunchSpec spec = plain().capability("ALL").other("privileged", "true").build();
    golden("start_privileged_hidesNothing", Payload.start(spec, TREE));
  }

  @Test
  void enter_plain() throws IOException {
    golden("enter_plain", Payload.enter(plain().terminal(true).build()));
  }

  private static Mount bind(String source, String target, String... options) {
    return new Mount(source, new GuestPath(target), "bind", options(options));
  }

  private static Set<String> options(String... options) {
    return new LinkedHashSet<>(List.of(options));
  }
}
