package org.lichen.image.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.LayerPath;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RealRegistry;

/** Layouts and archives in all the forms that tools write. */
@SuppressWarnings("NullAway.Init")
class LocalImagesTest {
  private static final byte[] ONE = Fixtures.layer("one", "1");
  private static final byte[] TWO = Fixtures.layer("two", "22");

  @TempDir Path directory;
  Pull pull;

  @BeforeEach
  void before() throws Exception {
    pull = Pull.in(directory);
  }

  private Fixtures.Layout layout(String name) throws IOException {
    return new Fixtures.Layout(directory.resolve(name));
  }

  private static Stream<String> names(List<NamedImage> images) {
    return images.stream().flatMap(i -> i.names().stream()).map(ImageReference::toString);
  }

  private String content(Image image, int layer, String file) throws Exception {
    LayerPath path = pull.store.unpacked(image.layers().get(layer), FakeRequest.NOBODY);
    return Files.readString(path.directory().resolve(file));
  }

  @Test
  void layout_withSeveralImages_givesAllWithTheirNames() throws Exception {
    Fixtures.Layout layout =
        layout("web")
            .image("amd64", Fixtures.named("1.0", ""), ONE)
            .image("amd64", Fixtures.named("latest", "docker.io/library/web:latest"), ONE, TWO)
            .image("amd64", Fixtures.named("ghcr.io/team/app:2", ""), TWO);
    List<NamedImage> images = pull.images(FakeSource.file("oci", layout.directory()));
    assertThat(names(images))
        .containsExactly("localhost/web:1.0", "docker.io/library/web:latest", "ghcr.io/team/app:2");
    assertThat(content(images.get(1).image(), 1, "two")).isEqualTo("22");
  }

  @Test
  void layout_withATag_givesThatImageOnly() throws Exception {
    Fixtures.Layout layout =
        layout("web")
            .image("amd64", Fixtures.named("1.0", ""), ONE)
            .image("amd64", Fixtures.named("2.0", ""), TWO);
    assertThat(names(pull.images(FakeSource.file("oci", layout.directory(), Optional.of("2.0")))))
        .containsExactly("localhost/web:2.0");
    assertThatThrownBy(
            () -> pull.images(FakeSource.file("oci", layout.directory(), Optional.of("3"))))
        .hasMessage("no image named 3 (oci:" + layout.directory() + ":3): it has 1.0, 2.0");
  }

  @Test
  void layout_twoNamesOfOneImage_areOneImage() throws Exception {
    Fixtures.Layout layout =
        layout("web")
            .image("amd64", Fixtures.named("1.0", ""), ONE)
            .image("amd64", Fixtures.named("latest", ""), ONE);
    List<NamedImage> images = pull.images(FakeSource.file("oci", layout.directory()));
    assertThat(images).hasSize(1);
    assertThat(names(images)).containsExactly("localhost/web:1.0", "localhost/web:latest");
  }

  @Test
  void index_ofSeveralPlatforms_givesTheOneOfThisMachine() throws Exception {
    Fixtures.Layout layout =
        layout("multi")
            .image("arm64", ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}", ONE)
            .image("amd64", ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}", TWO)
            .image(
                "unknown", ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}", ONE);
    byte[] index = Files.readAllBytes(layout.directory().resolve("index.json"));
    Fixtures.Layout nested = layout("multi");
    nested.manifest("application/vnd.oci.image.index.v1+json", index, Fixtures.named("m:1", ""));
    FakeSource source = FakeSource.file("oci", nested.directory());
    List<NamedImage> images = pull.images(source);
    assertThat(names(images)).containsExactly("docker.io/library/m:1");
    assertThat(images.get(0).image().platform()).hasToString("linux/amd64");

    pull.options = new ReadOptions(Optional.of(Platform.parse("linux/s390x")), false, Map.of());
    assertThatThrownBy(() -> pull.images(source))
        .hasMessage(
            "no image for linux/s390x (oci:"
                + nested.directory()
                + "): it has linux/amd64, linux/arm64");

    try (RealRegistry registry = RealRegistry.in(directory.resolve("registry")).start()) {
      registry.push("oci:" + nested.directory() + ":m:1", "m:1", "--all");
      Pull remote = Pull.in(directory.resolve("remote"));
      Image image = remote.image(registry.host() + "/m:1");
      assertThat(image.id()).isEqualTo(images.get(0).image().id()); // skopeo compresses layers
    }
  }

  @Test
  void archive_withAnImageForAnotherPlatform_givesTheOthers() throws Exception {
    Fixtures.Layout layout =
        layout("two")
            .image("arm64", Fixtures.named("arm", ""), ONE)
            .image("amd64", Fixtures.named("amd", ""), TWO);
    assertThat(names(pull.images(FakeSource.file("oci", layout.directory()))))
        .containsExactly("localhost/two:amd");
    assertThat(pull.request.progress().tasks().get(0).notes().get(0)).contains("linux/arm64");
  }

  @Test
  void foreignFixture_isRefused() {
    Path arm = Needs.fixture(Fixtures.ARM);
    assertThatThrownBy(() -> pull.images(FakeSource.file("oci", arm)))
        .hasMessage("no image for linux/amd64 (oci:" + arm + "): it has linux/arm64/v8");
  }

  @Test
  void layers_withWhiteouts_areUnpackedAsUmociMadeThem() throws Exception {
    String umoci = Needs.program("umoci").toString();
    Path layout = directory.resolve("layered");
    Path bundle = directory.resolve("bundle");
    Fixtures.copy(Fixtures.oci(Fixtures.MUSL), "oci:" + layout + ":base");
    Needs.output(
        "sh",
        "-c",
        "set -e; u='%s' l='%s' b='%s'; $u unpack --rootless --image $l:base $b; rm $b/rootfs/bin/vi; rm -r $b/rootfs/usr; mkdir $b/rootfs/usr; echo new > $b/rootfs/usr/new; $u repack --image $l:top $b"
            .formatted(umoci, layout, bundle));
    Image image = pull.images(FakeSource.file("oci", layout, Optional.of("top"))).get(0).image();
    assertThat(image.layers()).hasSize(2);
    assertThat(content(image, 1, "usr/new")).isEqualTo("new\n");
    assertThat(pull.store.check(true, false).problems()).isEmpty();
  }

  @Test
  void imageWithoutLayers_isAnImage() throws Exception {
    Fixtures.Layout layout = layout("empty").image("amd64", Fixtures.named("1", ""));
    assertThat(pull.images(FakeSource.file("oci", layout.directory())).get(0).image().layers())
        .isEmpty();
  }

  @Test
  void sameLayerTwice_isReadOnce() throws Exception {
    Fixtures.Layout layout = layout("twice").image("amd64", Fixtures.named("1", ""), ONE, TWO, ONE);
    Image image = pull.images(FakeSource.file("oci", layout.directory())).get(0).image();
    assertThat(image.layers()).hasSize(3);
    assertThat(pull.request.progress().tasks()).hasSize(2);
  }

  @Test
  void dockerArchive_ofSeveralImagesWithLinkedAndCompressedLayers_isRead() throws Exception {
    Path root = Files.createDirectories(directory.resolve("save"));
    byte[] config = config(ONE, TWO);
    byte[] second = config(TWO);
    String id = Digest.of(config).hex();
    Files.write(root.resolve(id + ".json"), config);
    Files.write(root.resolve("second.json"), second);
    Files.write(Files.createDirectory(root.resolve("a")).resolve("layer.tar"), ONE);
    Files.createDirectory(root.resolve("b"));
    Files.createSymbolicLink(root.resolve("b/layer.tar"), Path.of("../c.tar"));
    Files.write(root.resolve("c.tar"), TWO);
    Needs.output("gzip", "-k", root.resolve("c.tar").toString());
    Files.writeString(
        root.resolve("manifest.json"),
        """
        [{"Config":"%s.json","RepoTags":["one:1","localhost/one:x"],"Layers":["a/layer.tar","b/layer.tar"]},
         {"Config":"second.json","RepoTags":null,"Layers":["c.tar.gz"]}]
        """
            .formatted(id));
    Path archive = Fixtures.tar(root, directory.resolve("save.tar"));
    List<NamedImage> images = pull.images(FakeSource.file("docker-archive", archive));
    assertThat(images).hasSize(2);
    assertThat(images.get(0).image().id()).isEqualTo(Digest.of(config));
    assertThat(names(images)).containsExactly("docker.io/library/one:1", "localhost/one:x");
    assertThat(content(images.get(0).image(), 1, "two")).isEqualTo("22");
    assertThat(images.get(1).image().layers().get(0).mediaType()).endsWith("tar+gzip");
    assertThat(pull.images(FakeSource.file("docker-archive", archive, Optional.of("x"))))
        .hasSize(1);
  }

  @Test
  void dockerArchive_whoseConfigurationWasAltered_isRefused() throws Exception {
    Path root = Files.createDirectories(directory.resolve("save"));
    Files.write(root.resolve("0".repeat(64) + ".json"), config());
    Files.writeString(
        root.resolve("manifest.json"),
        "[{\"Config\":\"" + "0".repeat(64) + ".json\",\"Layers\":[]}]");
    assertThatThrownBy(() -> pull.images(FakeSource.file("docker-archive", root)))
        .hasMessageContaining("has the digest sha256:");
  }

  @Test
  void dockerArchive_thatIsAnOciLayoutToo_isReadAsTheOneWithDigests() throws Exception {
    Fixtures.Layout layout =
        layout("both").image("amd64", Fixtures.named("1", "docker.io/library/both:1"), ONE);
    Files.writeString(
        layout.directory().resolve("manifest.json"),
        "[{\"Config\":\"blobs/sha256/0\",\"RepoTags\":[\"both:1\"],\"Layers\":[]}]");
    Path archive = Fixtures.tar(layout.directory(), directory.resolve("both.tar"));
    assertThat(names(pull.images(FakeSource.file("archive", archive))))
        .containsExactly("docker.io/library/both:1");
  }

  @Test
  void legacyArchive_isRead() throws Exception {
    Path root = Files.createDirectories(directory.resolve("old"));
    String base = "a".repeat(64);
    String top = "b".repeat(64);
    layer(root, base, "{\"id\":\"" + base + "\"}", ONE);
    layer(
        root,
        top,
        "{\"id\":\"%s\",\"parent\":\"%s\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/x\"]}}"
            .formatted(top, base),
        TWO);
    Files.writeString(
        root.resolve("repositories"), "{\"old\":{\"1\":\"" + top + "\",\"2\":\"" + top + "\"}}");
    Path archive = Fixtures.tar(root, directory.resolve("old.tar"));
    List<NamedImage> images = pull.images(FakeSource.file("docker-archive", archive));
    assertThat(names(images)).containsExactly("docker.io/library/old:1", "docker.io/library/old:2");
    assertThat(images.get(0).image().config().command()).containsExactly("/x");
    assertThat(content(images.get(0).image(), 0, "one")).isEqualTo("1");
    assertThat(content(images.get(0).image(), 1, "two")).isEqualTo("22");
  }

  private static void layer(Path root, String id, String json, byte[] tar) throws IOException {
    Path at = Files.createDirectories(root.resolve(id));
    Files.writeString(at.resolve("VERSION"), "1.0");
    Files.writeString(at.resolve("json"), json);
    Files.write(at.resolve("layer.tar"), tar);
  }

  private static byte[] config(byte[]... layers) {
    Digest[] diffIds = Stream.of(layers).map(Digest::of).toArray(Digest[]::new);
    return Fixtures.config("amd64", diffIds).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void tar_isImportedWithItsChanges() throws Exception {
    Path root = Needs.fixture("alpine-minirootfs-3.20.3-x86_64.tar.gz");
    pull.options =
        new ReadOptions(
            Optional.empty(),
            false,
            Map.of(
                "change.1", "CMD [\"/bin/sh\", \"-l\"]",
                "change.2", "ENV A=\"b c\"",
                "change.10", "WORKDIR=/root",
                "change.3", "LABEL who=me",
                "change.4", "VOLUME /data",
                "message", "by hand"));
    Image image = pull.images(FakeSource.file("tar", root)).get(0).image();
    assertThat(image.config().command()).containsExactly("/bin/sh", "-l");
    assertThat(image.config().environment()).containsExactly("A=b c");
    assertThat(image.config().directory()).isEqualTo("/root");
    assertThat(image.config().labels()).containsEntry("who", "me");
    assertThat(image.config().volumes()).containsExactly("/data");
    assertThat(image.platform()).isEqualTo(Platform.current());
    assertThat(image.config().oci().get("history")).asString().contains("by hand");
    assertThat(content(image, 0, "etc/alpine-release")).isEqualTo("3.20.3\n");
  }

  @Test
  void tar_withAWrongChange_saysWhichAndWhatThereIs() {
    for (String wrong : List.of("RUN make", "CMD", "CMD [1", "VOLUME [1]")) {
      pull.options = new ReadOptions(Optional.empty(), false, Map.of("change.0", wrong));
      assertThatThrownBy(() -> pull.images(FakeSource.file("tar", directory.resolve("none"))))
          .isInstanceOfSatisfying(
              ContainerException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(Kind.USAGE);
                assertThat(e).hasMessageContaining(wrong);
              });
    }
  }

  @Test
  void tar_thatIsADirectory_isRefusedWithTheWayToMakeOne() {
    assertThatThrownBy(() -> pull.images(FakeSource.file("tar", directory)))
        .isInstanceOfSatisfying(
            ContainerException.class,
            e -> {
              assertThat(e).hasMessageContaining(directory + "): it is a directory");
              assertThat(e.hint()).contains("lichen import -");
            });
  }

  /** A hostile archive; the entries are in one of the names that are looked for. */
  @Test
  void archives_thatLieInTheirHeaders_areRefused() throws Exception {
    byte[] huge = Fixtures.header("manifest.json", 0x1ffffffffL, '0', "");
    byte[] circle = joined(Fixtures.header("manifest.json", 0, '2', "manifest.json"));
    byte[] outside = joined(Fixtures.header("manifest.json", 0, '2', "../../../etc/passwd"));
    byte[] longName = joined(Fixtures.header("x", 1 << 30, 'L', ""), new byte[1024]);
    byte[] pax =
        joined(
            Fixtures.header("x", 20, 'x', ""),
            "99999999999 path=x\n".getBytes(StandardCharsets.US_ASCII));
    byte[] negative = Fixtures.header("manifest.json", 0, '0', "");
    negative[124] = (byte) 0xff;
    int count = 0;
    for (byte[] each : List.of(huge, circle, outside, longName, pax, negative, new byte[0])) {
      Path file = Files.write(directory.resolve("hostile" + count++), each);
      assertThatThrownBy(() -> pull.images(FakeSource.file("docker-archive", file)))
          .isInstanceOfSatisfying(
              ContainerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT));
    }
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] each : parts) {
      all.writeBytes(each);
    }
    all.writeBytes(new byte[1024]);
    return all.toByteArray();
  }

  @Test
  void blobsOutsideOfTheLayout_areNotReached() throws Exception {
    Path root = Files.createDirectories(directory.resolve("save"));
    Files.writeString(directory.resolve("secret"), "[]");
    Files.writeString(root.resolve("manifest.json"), "[{\"Config\":\"../secret\",\"Layers\":[]}]");
    assertThatThrownBy(() -> pull.images(FakeSource.file("docker-archive", root)))
        .hasMessageContaining("there is no ../secret");
  }
}
