package org.lichen.image.singularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.Needs;

/**
 * A SIF with an OCI image of two layers in squashfs. The lower has {@code a}, {@code d/x}; the
 * upper hides {@code a}, and its {@code d} is opaque and holds {@code y}.
 */
class OciSifTest {
  private static final String LAYER = "application/vnd.sylabs.image.layer.v1.squashfs";

  @TempDir Path directory;
  private final List<byte[]> contents = new ArrayList<>();
  private final List<DataType> types = new ArrayList<>();
  private ImageStore store = Stores.in(Path.of("/nowhere"));

  @BeforeEach
  void make() throws Exception {
    store = Stores.in(directory.resolve("store"));
    Needs.program("mksquashfs");
    Path lower = Files.createDirectory(directory.resolve("lower"));
    Files.writeString(lower.resolve("a"), "a");
    Files.writeString(Files.createDirectory(lower.resolve("d")).resolve("x"), "x");
    Path upper = Files.createDirectory(directory.resolve("upper"));
    Path d = Files.createDirectory(upper.resolve("d"));
    Files.writeString(d.resolve("y"), "y");
    Files.setAttribute(d, "user:overlay.opaque", "y".getBytes(StandardCharsets.US_ASCII));
    String layers =
        descriptor(layer(lower), LAYER) + "," + descriptor(layer(upper, "/a c 0 0 0 0 0"), LAYER);
    byte[] config =
        blob(
            "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"/y\"],"
                + "\"Env\":[\"A=1\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    byte[] manifest =
        blob(
            "{\"schemaVersion\":2,\"config\":"
                + descriptor(config, "application/vnd.oci.image.config.v1+json")
                + ",\"layers\":["
                + layers
                + "]}");
    contents.add(
        text(
            "{\"schemaVersion\":2,\"manifests\":["
                + descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")
                + "]}"));
    types.add(DataType.OCI_INDEX);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private byte[] layer(Path tree, String... pseudo) throws Exception {
    Path image = directory.resolve(tree.getFileName() + ".sqsh");
    Path file = Files.writeString(directory.resolve("pseudo"), String.join("\n", pseudo) + "\n");
    Needs.output(
        Needs.program("mksquashfs").toString(),
        tree.toString(),
        image.toString(),
        "-quiet",
        "-pf",
        file.toString());
    return blob(Files.readAllBytes(image));
  }

  private byte[] blob(String content) {
    return blob(text(content));
  }

  private byte[] blob(byte[] content) {
    contents.add(content);
    types.add(DataType.OCI_BLOB);
    return content;
  }

  private static String descriptor(byte[] content, String type) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(type, Digest.of(content), content.length);
  }

  /** Header, descriptors, objects. */
  private Path sif() throws IOException {
    ByteBuffer head = ByteBuffer.allocate(32_768).order(ByteOrder.LITTLE_ENDIAN);
    head.put(32, text("SIF_MAGIC\00001\00002"));
    head.putLong(88, 48).putLong(96, 4096).putLong(104, 48 * 585);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (int i = 0; i < contents.size(); i++) {
      int at = 4096 + 585 * i;
      head.putInt(at, types.get(i).number()).put(at + 4, (byte) 1).putInt(at + 5, i + 1);
      head.putLong(at + 17, 32_768 + data.size()).putLong(at + 25, contents.get(i).length);
      head.put(at + 201, text(Digest.of(contents.get(i)).toString()));
      data.writeBytes(contents.get(i));
    }
    byte[] all = new byte[32_768 + data.size()];
    head.get(0, all, 0, 32_768);
    System.arraycopy(data.toByteArray(), 0, all, 32_768, data.size());
    return Files.write(directory.resolve("oci.sif"), all);
  }

  private Image read(Path file) throws ContainerException {
    try (ImageStore.Writer writer = store.writer()) {
      return new SingularityFormat()
          .read(
              FakeSource.file("sif", file), ReadOptions.DEFAULT, writer, FakeRequest.in(directory))
          .get(0)
          .image();
    }
  }

  @Test
  void anOciImage_isReadWithItsLayers() throws Exception {
    Image image = read(sif());
    assertThat(image.config().command()).containsExactly("/y");
    assertThat(image.config().environment()).containsExactly("A=1");
    assertThat(image.config().oci()).doesNotContainKey("singularity");
    assertThat(image.layers()).hasSize(2);
    assertThat(store.place(image.layers().get(0)).packed()).isPresent();
    assertThat(store.place(image.layers().get(1)).packed()).isEmpty(); // it hides something
    String upper =
        Files.readString(store.unpacked(image.layers().get(1), FakeRequest.NOBODY).index());
    assertThat(upper)
        .contains("{\"path\":\"a\",\"type\":\"whiteout\"}")
        .contains("{\"path\":\"d\",\"type\":\"opaque\"}")
        .contains("\"path\":\"d/y\"");
  }

  @Test
  void aDamagedLayer_isRefused() throws Exception {
    Path file = sif();
    byte[] bytes = Files.readAllBytes(file);
    bytes[32_768 + 96] ^= 1;
    Files.write(file, bytes);
    ContainerException failure = catchThrowableOfType(ContainerException.class, () -> read(file));
    assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
    assertThat(failure).hasMessageContaining("blob (sha256:").hasMessageContaining("is damaged");
    assertThat(store.list()).isEmpty();
  }

  @Test
  void aMissingBlob_isRefused() throws Exception {
    contents.remove(1);
    types.remove(1);
    Path file = sif();
    assertThat(catchThrowableOfType(ContainerException.class, () -> read(file)))
        .hasMessageContaining("it has no blob sha256:");
  }

  @Test
  void anotherPlatform_isRefused() throws Exception {
    for (int i = 0; i < contents.size(); i++) {
      String text = new String(contents.get(i), StandardCharsets.ISO_8859_1);
      if (text.startsWith("{\"os\"")) {
        byte[] foreign = text(text.replace("amd64", "s390x"));
        String old = Digest.of(contents.get(i)).toString();
        contents.set(i, foreign);
        replace(old, foreign);
      }
    }
    Path file = sif();
    assertThat(catchThrowableOfType(ContainerException.class, () -> read(file)))
        .hasMessageContaining("is for [linux/s390x], not for linux/");
  }

  /** Index, manifest and configuration, with digests that fit, so that they are looked at. */
  @Test
  void documentsChangedAtRandom_areReadOrRefused() throws Exception {
    List<byte[]> whole = List.copyOf(contents);
    for (int i = 0; i < whole.size(); i++) {
      int which = i;
      if (whole.get(i)[0] != '{') {
        continue;
      }
      long rounds =
          new Fuzz("oci", 0, List.of(whole.get(i)))
              .run(
                  changed -> {
                    contents.clear();
                    contents.addAll(whole);
                    contents.set(which, changed);
                    replace(Digest.of(whole.get(which)).toString(), changed);
                    read(sif());
                  },
                  Set.of(ContainerException.class));
      assertThat(rounds).isPositive();
    }
  }

  private void replace(String old, byte[] content) {
    for (int i = 0; i < contents.size(); i++) {
      String text = new String(contents.get(i), StandardCharsets.ISO_8859_1);
      if (text.contains(old) && text.startsWith("{")) {
        String before = Digest.of(contents.get(i)).toString();
        contents.set(i, text(text.replace(old, Digest.of(content).toString())));
        replace(before, contents.get(i));
      }
    }
  }
}
