package org.lichen.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.LayerPath;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.Needs;

/** skopeo and umoci read our store, and we read what they make. */
class PeersTest {
  @TempDir Path temporary;

  @Test
  void store_readBySkopeoAndUmoci() throws Exception {
    Path home = temporary.resolve("home");
    ImageStore store = new OciStore(home, PinnedImages.NONE);
    Image image;
    try (ImageStore.Writer writer = store.writer()) {
      image = OciLayouts.read(Needs.fixture("busybox-glibc-amd64.oci"), writer);
      store.tag(ImageReference.docker("busybox:1.36"), image);
    }
    LayerPath layer = store.unpacked(image.layers().get(0), FakeRequest.NOBODY);
    assertThat(layer.directory().resolve("bin/busybox")).isRegularFile();
    assertThat(Files.readString(layer.index())).contains("\"path\":\"bin/busybox\"");

    String ref = "oci:" + home.resolve("store") + ":docker.io/library/busybox:1.36";
    assertThat(Needs.output(Needs.program("skopeo").toString(), "inspect", ref))
        .contains(image.layers().get(0).digest().toString());
    Needs.output(
        Needs.program("skopeo").toString(), "copy", ref, "dir:" + temporary.resolve("copy"));
    assertThat(Needs.output(Needs.program("umoci").toString(), "stat", "--image", ref.substring(4)))
        .contains("LAYER");
    Needs.output(
        Needs.program("umoci").toString(),
        "unpack",
        "--rootless",
        "--image",
        ref.substring(4),
        temporary.resolve("bundle").toString());
    assertThat(temporary.resolve("bundle/rootfs/bin/busybox")).isRegularFile();
    assertThat(store.find("busybox:1.36")).contains(image);
    assertThat(store.find(image.id().brief())).contains(image);
    assertThat(store.check(true, false).problems()).isEmpty();
    assertThat(store.remove("busybox:1.36", false).images()).containsExactly(image.id());
    assertThat(store.list()).isEmpty();
    assertThat(home.resolve("store/blobs/sha256")).isEmptyDirectory();
  }

  /*
   * base:    d/  d/old  gone  kept  dir/  dir/below
   * second:  d replaced by a directory without "old", "gone" removed, dir/below removed
   */
  @Test
  void store_readsLayersOfUmociWithZstdOfSkopeo() throws Exception {
    String umoci = Needs.program("umoci").toString();
    String layout = temporary.resolve("layout").toString();
    String bundle = temporary.resolve("bundle").toString();
    Needs.output(umoci, "init", "--layout", layout);
    Needs.output(umoci, "new", "--image", layout + ":x");
    Needs.output(umoci, "unpack", "--rootless", "--image", layout + ":x", bundle);
    sh(
        "cd "
            + bundle
            + "/rootfs && mkdir d dir && touch d/old gone kept dir/below && chmod 000 kept");
    Needs.output(umoci, "repack", "--image", layout + ":x", bundle);
    sh("rm -rf " + bundle);
    Needs.output(umoci, "unpack", "--rootless", "--image", layout + ":x", bundle);
    sh("cd " + bundle + "/rootfs && rm -rf d gone dir/below && mkdir d && touch d/new");
    Needs.output(umoci, "repack", "--image", layout + ":x", bundle);
    Needs.output(
        Needs.program("skopeo").toString(),
        "copy",
        "--dest-compress-format",
        "zstd",
        "oci:" + layout + ":x",
        "oci:" + temporary.resolve("zstd") + ":x");
    ImageStore store = new OciStore(temporary.resolve("home"), PinnedImages.NONE);
    Image image;
    try (ImageStore.Writer writer = store.writer()) {
      image = OciLayouts.read(temporary.resolve("zstd"), writer);
    }
    assertThat(image.layers()).hasSize(2);
    String index =
        Files.readString(store.unpacked(image.layers().get(1), FakeRequest.NOBODY).index());
    assertThat(index)
        .contains("{\"path\":\"gone\",\"type\":\"whiteout\"}")
        .contains("{\"path\":\"dir/below\",\"type\":\"whiteout\"}")
        .contains("\"path\":\"d/new\"");
    String base =
        Files.readString(store.unpacked(image.layers().get(0), FakeRequest.NOBODY).index());
    assertThat(base.lines())
        .anyMatch(l -> l.contains("\"kept\"") && l.contains("\"mode\":\"0000\""));
    assertThat(store.check(true, false).problems()).isEmpty();
  }

  private static void sh(String script) throws Exception {
    Needs.output("sh", "-c", script);
  }
}
