package org.lichen.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Removal;

/** What every image store must do. */
public abstract class ImageStoreConformance {
  /** Manifests that are pinned, with who pins them. */
  protected final Map<Digest, Set<String>> pins = new ConcurrentHashMap<>();

  @TempDir Path temporary;
  private ImageStore store = unopened();

  /** Opens the store of a home; another one of the same home sees what this one wrote. */
  protected abstract ImageStore open(Path home);

  private static ImageStore unopened() {
    return (ImageStore)
        java.lang.reflect.Proxy.newProxyInstance(
            ImageStore.class.getClassLoader(),
            new Class<?>[] {ImageStore.class},
            (proxy, method, arguments) -> {
              throw new IllegalStateException("not open");
            });
  }

  @BeforeEach
  final void openStore() {
    store = open(temporary);
  }

  private static byte[] tar(String file) {
    return new RawTar().directory("d").file("d/" + file, "content of " + file).bytes();
  }

  private static ReadableByteChannel channel(byte[] bytes) {
    return Channels.newChannel(new ByteArrayInputStream(bytes));
  }

  /** A layer as a format gives it: with both digests. */
  protected static LayerContent layer(byte[] tar, AtomicInteger opened) {
    return new LayerContent.Archive(
        Optional.of(Digest.of(tar)),
        Optional.of(Digest.of(tar)),
        "application/vnd.oci.image.layer.v1.tar",
        () -> {
          opened.incrementAndGet();
          return channel(tar);
        });
  }

  private Image image(String name, byte[]... tars) throws ContainerException {
    AtomicInteger opened = new AtomicInteger();
    try (ImageStore.Writer writer = store.writer()) {
      List<Layer> layers = new java.util.ArrayList<>();
      for (byte[] tar : tars) {
        layers.add(writer.layer(layer(tar, opened)));
      }
      Map<String, Object> config = Map.of("config", Map.of("Labels", Map.of("name", name)));
      Image image = writer.compose(new ImageConfig(config), layers);
      store.tag(ImageReference.docker(name), image);
      return image;
    }
  }

  @Test
  void emptyStore_isReadWithoutWriting() throws Exception {
    assertThat(store.list()).isEmpty();
    assertThat(store.find("alpine")).isEmpty();
    assertThat(store.find(ImageReference.docker("alpine"))).isEmpty();
    assertThat(store.collect().blobs()).isEmpty();
    assertThat(store.check(true, false).problems()).isEmpty();
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void compose_thenFind_byNameAndId() throws Exception {
    Image image = image("some/name:1", tar("a"), tar("b"));
    ImageStore other = open(temporary);
    assertThat(other.find("some/name:1")).contains(image);
    assertThat(other.find("docker.io/some/name:1")).contains(image);
    assertThat(other.find(ImageReference.docker("some/name:1"))).contains(image);
    assertThat(other.find(image.id().brief())).contains(image);
    assertThat(other.find(image.id().toString())).contains(image);
    assertThat(other.find(image.manifest().toString())).contains(image);
    assertThat(other.find(image.id().hex().substring(0, 3))).isEmpty();
    assertThat(other.find("some/name")).isEmpty();
    assertThat(image.config().labels()).containsEntry("name", "some/name:1");
    assertThat(image.layers()).hasSize(2);
    LayerPath path = other.unpacked(image.layers().get(1), FakeRequest.NOBODY);
    assertThat(path.directory().resolve("d/b")).hasContent("content of b");
    assertThat(path.index()).exists();
    assertThat(path.whiteouts()).isIn("overlay", "aufs");
  }

  @Test
  void layer_ofEntries_isStoredAsTar() throws Exception {
    FakeEntries entries = new FakeEntries().file("bin/tool", 0755, "tool").directory("empty");
    try (ImageStore.Writer writer = store.writer()) {
      Layer layer =
          writer.layer(
              new LayerContent.Entries(Optional.empty(), Optional.empty(), entries::stream));
      Image image = writer.compose(new ImageConfig(Map.of()), List.of(layer));
      LayerPath path = store.unpacked(image.layers().get(0), FakeRequest.NOBODY);
      assertThat(path.directory().resolve("bin/tool")).hasContent("tool");
      assertThat(path.directory().resolve("empty")).isDirectory();
      assertThat(writer.has(layer)).isTrue();
    }
  }

  @Test
  void tag_taken_leavesTheOtherImageWithoutName() throws Exception {
    Image first = image("name:1", tar("a"));
    Image second = image("other:1", tar("b"));
    store.tag(ImageReference.docker("name:1"), second);
    assertThat(store.find("name:1")).contains(second);
    assertThat(store.list()).extracting(NamedImage::image).containsExactlyInAnyOrder(first, second);
    assertThat(store.list())
        .filteredOn(named -> named.image().equals(first))
        .allMatch(named -> named.names().isEmpty());
    assertThat(store.list().get(0).image()).isEqualTo(second);
  }

  @Test
  void tag_ofALocalTransport_isFoundAgain() throws Exception {
    Image image = image("name:1", tar("a"));
    ImageReference local = ImageReference.parse("oci:/some where/dir,x:tag", Set.of("oci"));
    store.tag(local, image);
    assertThat(open(temporary).find(local)).contains(image);
    assertThat(open(temporary).list().get(0).names()).contains(local);
  }

  @Test
  void remove_lastName_takesWhatNoOtherImageNeeds() throws Exception {
    Image one = image("one", tar("shared"), tar("own"));
    Image two = image("two", tar("shared"));
    store.tag(ImageReference.docker("alias"), one);
    Removal untagged = store.remove("alias", false);
    assertThat(untagged.untagged()).containsExactly("docker.io/library/alias:latest");
    assertThat(untagged.images()).isEmpty();
    Removal removed = store.remove("one", false);
    assertThat(removed.images()).containsExactly(one.id());
    assertThat(removed.blobs())
        .contains(one.manifest(), one.id(), one.layers().get(1).digest())
        .doesNotContain(one.layers().get(0).digest());
    assertThat(removed.bytes()).isPositive();
    assertThat(store.find("two")).contains(two);
    assertThat(
            store.unpacked(two.layers().get(0), FakeRequest.NOBODY).directory().resolve("d/shared"))
        .exists();
    assertThatThrownBy(() -> store.unpacked(one.layers().get(1), FakeRequest.NOBODY))
        .isInstanceOf(ContainerException.class)
        .hasMessageContaining("not in the store");
    assertThatThrownBy(() -> store.remove("one", false))
        .satisfies(e -> assertThat(((ContainerException) e).kind()).isEqualTo(Kind.NOT_FOUND));
    assertThat(store.check(true, false).problems()).isEmpty();
  }

  @Test
  void remove_pinned_isRefusedAndForcedKeepsLayers() throws Exception {
    Image image = image("name", tar("a"));
    pins.put(image.manifest(), Set.of("container web"));
    assertThatThrownBy(() -> store.remove("name", false))
        .hasMessageContaining("container web")
        .satisfies(e -> assertThat(((ContainerException) e).kind()).isEqualTo(Kind.CONFLICT));
    assertThat(store.remove("name", true).untagged()).hasSize(1);
    assertThat(store.list()).isEmpty();
    assertThat(store.unpacked(image.layers().get(0), FakeRequest.NOBODY).directory().resolve("d/a"))
        .exists();
    pins.clear();
    assertThat(store.collect().blobs()).contains(image.layers().get(0).digest());
  }

  @Test
  void layer_known_isNotReadAgain() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    byte[] tar = tar("a");
    image("name", tar);
    try (ImageStore.Writer writer = store.writer()) {
      Layer layer = writer.layer(layer(tar, opened));
      assertThat(writer.has(layer)).isTrue();
      assertThat(writer.has(layer.digest())).isTrue();
    }
    assertThat(opened).hasValue(0);
  }

  @Test
  void layer_otherContent_isRefusedAndLeavesNothing() throws Exception {
    byte[] tar = tar("a");
    byte[] wrong = tar("b");
    Digest right = Digest.of(tar);
    byte[] cut = java.util.Arrays.copyOf(tar, 700);
    for (byte[] bytes :
        new byte[][] {
          wrong,
          cut,
          {},
          "no tar at all".repeat(99).getBytes(java.nio.charset.StandardCharsets.US_ASCII)
        }) {
      try (ImageStore.Writer writer = store.writer()) {
        assertThatThrownBy(
                () ->
                    writer.layer(
                        new LayerContent.Archive(
                            Optional.of(right), Optional.of(right), "", () -> channel(bytes))))
            .hasMessageContaining(right.toString())
            .satisfies(e -> assertThat(((ContainerException) e).kind()).isEqualTo(Kind.CORRUPT));
        assertThat(writer.has(right)).isFalse();
      }
    }
    try (ImageStore.Writer writer = store.writer()) {
      assertThatThrownBy(
              () ->
                  writer.layer(
                      new LayerContent.Archive(
                          Optional.of(right),
                          Optional.of(Digest.of(wrong)),
                          "",
                          () -> channel(tar))))
          .hasMessageContaining("does not fit");
    }
    assertNothingStored();
  }

  @Test
  void layer_sourceFails_saysWhy() throws Exception {
    try (ImageStore.Writer writer = store.writer()) {
      assertThatThrownBy(
              () ->
                  writer.layer(
                      new LayerContent.Archive(
                          Optional.empty(),
                          Optional.empty(),
                          "",
                          () -> {
                            throw new IOException("connection reset");
                          })))
          .isInstanceOf(ContainerException.class)
          .hasMessageContaining("connection reset");
    }
    assertNothingStored();
  }

  @Test
  void close_unpublished_isCollected() throws Exception {
    try (ImageStore.Writer writer = store.writer()) {
      writer.layer(layer(tar("a"), new AtomicInteger()));
      writer.blob(channel(new byte[] {1, 2, 3}), Optional.empty());
    }
    assertNothingStored();
  }

  private void assertNothingStored() throws Exception {
    assertThat(store.list()).isEmpty();
    assertThat(store.collect().blobs()).isEmpty();
    assertThat(store.collect().bytes()).isZero();
  }

  @Test
  void publish_incomplete_isRefused() throws Exception {
    Image image = image("name", tar("a"));
    byte[] manifest;
    try (ReadableByteChannel in = store.open(image.manifest())) {
      ByteBuffer all = ByteBuffer.allocate(1 << 16);
      int got;
      do {
        got = in.read(all);
      } while (got >= 0);
      manifest = java.util.Arrays.copyOf(all.array(), all.position());
    }
    String text = new String(manifest, java.nio.charset.StandardCharsets.UTF_8);
    String hex = image.layers().get(0).digest().hex();
    for (String bad :
        new String[] {
          text.replace(hex, "0".repeat(64)),
          text.replace(image.id().hex(), "0".repeat(64)),
          "{\"schemaVersion\":2,\"manifests\":[]}",
          "{\"schemaVersion\":1}",
          "{}",
          "[]",
          "null",
          "{"
        }) {
      try (ImageStore.Writer writer = store.writer()) {
        Digest digest =
            writer.blob(
                channel(bad.getBytes(java.nio.charset.StandardCharsets.UTF_8)), Optional.empty());
        assertThatThrownBy(() -> writer.publish(digest))
            .as(bad)
            .isInstanceOf(ContainerException.class)
            .satisfies(e -> assertThat(((ContainerException) e).kind()).isEqualTo(Kind.CORRUPT));
      }
    }
    assertThat(store.list()).hasSize(1);
  }

  @Test
  void check_damaged_findsAndRepairs() throws Exception {
    Image image = image("name", tar("a"));
    image("sound", tar("b"));
    LayerPath layer = store.unpacked(image.layers().get(0), FakeRequest.NOBODY);
    Files.delete(layer.directory().resolve("d/a"));
    assertThat(store.check(false, false).problems()).isEmpty();
    assertThat(store.check(true, false).problems()).hasSize(1).first().asString().contains("d/a");
    assertThat(store.check(true, true).repaired()).hasSize(1);
    assertThat(store.unpacked(image.layers().get(0), FakeRequest.NOBODY).directory().resolve("d/a"))
        .exists();
    assertThat(store.check(true, false).problems()).isEmpty();
  }
}
