package org.lichen.image.singularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageFormat.Recognition;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.LaunchDefaults;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.api.rootfs.Lower;
import org.lichen.store.OciStore;
import org.lichen.store.PinnedImages;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.Needs;

/** Reads LPMX's busybox SIF and files made of it; its primary partition is object 2, at 1 MiB. */
class SingularityFormatTest {
  private static final int PARTITION = 4096 + 585;
  private static final int EXTRA = PARTITION + 201;

  @TempDir Path directory;
  private byte[] bytes = new byte[0];
  private ImageStore store = Stores.in(Path.of("/nowhere"));
  private FakeRequest request = FakeRequest.in(Path.of("/"));

  @BeforeEach
  void read() throws Exception {
    bytes = Files.readAllBytes(Needs.fixture("lpmx-testcontainer.sif"));
    store = Stores.in(directory.resolve("store"));
    request = FakeRequest.in(directory);
  }

  private NamedImage read(String transport, Path file) throws ContainerException {
    try (ImageStore.Writer writer = store.writer()) {
      return new SingularityFormat()
          .read(FakeSource.file(transport, file), ReadOptions.DEFAULT, writer, request)
          .get(0);
    }
  }

  private Path written(String name) throws Exception {
    return Files.write(directory.resolve(name), bytes);
  }

  /** Of what is only found when the image is unpacked. */
  private ContainerException unpacking(String name) throws Exception {
    Layer layer = read("sif", written(name)).image().layers().get(0);
    ContainerException failure =
        catchThrowableOfType(ContainerException.class, () -> store.unpacked(layer, request));
    assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
    assertThat(store.place(layer).directory()).doesNotExist();
    return failure;
  }

  private ContainerException failure(String name) throws Exception {
    Path file = written(name);
    ContainerException failure =
        catchThrowableOfType(ContainerException.class, () -> read("sif", file));
    assertThat(failure).isNotNull().hasMessageContaining(name);
    assertThat(store.list()).isEmpty();
    return failure;
  }

  private ByteBuffer numbers() {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void lpmx_isAnImage() throws Exception {
    Path file = written("busybox.sif");
    NamedImage named = read("sif", file);
    Image image = named.image();
    assertThat(named.names())
        .containsExactly(
            new ImageReference("sif", file.toString(), Optional.empty(), Optional.empty()));
    assertThat(image.platform()).isEqualTo(new Platform("linux", "amd64", ""));
    assertThat(image.config().entrypoint()).containsExactly("/.singularity.d/actions/run");
    assertThat(image.config().created().orElseThrow()).hasToString("2019-08-09T16:12:53Z");
    assertThat(image.config().oci().get(ImageSource.STAMP))
        .isEqualTo(FakeSource.file("sif", file).stamp().orElseThrow());
    Map<?, ?> sections =
        (Map<?, ?>) Objects.requireNonNull(image.config().oci().get("singularity"));
    assertThat(sections.get("deffile")).asString().startsWith("Bootstrap: docker\nFrom: busybox");
    assertThat(sections.get("runscript")).asString().contains("exec $SINGULARITY_OCI_RUN");
    assertThat(sections.get("shell")).isEqualTo(true);
    assertThat(sections.get("apps")).isEqualTo(List.of());
    assertThat(image.config().labels()).isEmpty();
  }

  @Test
  void loadedFromAFile_isNamedByIt() throws Exception {
    assertThat(read("archive", written("busybox.sif")).names())
        .containsExactly(ImageReference.docker("localhost/busybox"));
    assertThat(read("archive", written("load-123.archive")).names()).isEmpty();
  }

  @Test
  void bareSquashfs_withAndWithoutALineInFront_isRead() throws Exception {
    byte[] squashfs = Arrays.copyOfRange(bytes, 1 << 20, (1 << 20) + 704512);
    bytes = squashfs;
    NamedImage bare = read("sif", written("root.sqsh"));
    byte[] line = "#!/usr/bin/env run-singularity\n".getBytes(StandardCharsets.US_ASCII);
    bytes = Arrays.copyOf(line, line.length + squashfs.length);
    System.arraycopy(squashfs, 0, bytes, line.length, squashfs.length);
    Path old = written("old.simg");
    assertThat(new SingularityFormat().recognizes(FakeSource.file("archive", old)))
        .isEqualTo(Recognition.YES);
    assertThat(read("sif", old).image().layers()).isEqualTo(bare.image().layers());
    assertThat(bare.image().config().entrypoint()).isNotEmpty();
  }

  @Test
  void anImageFor386_isReadOnAmd64() throws Exception {
    bytes = Files.readAllBytes(Needs.fixture("sif/one-group.sif"));
    Needs.that(Platform.current().architecture().equals("amd64"), "a machine that runs 386");
    assertThat(read("sif", written("one.sif")).image().platform().architecture()).isEqualTo("386");
  }

  @Test
  void foreignArchitecture_isRefused() throws Exception {
    bytes[EXTRA + 8] = '1';
    bytes[EXTRA + 9] = '1';
    ContainerException failure = failure("foreign.sif");
    assertThat(failure.kind()).isEqualTo(Kind.UNSUPPORTED);
    assertThat(failure).hasMessageContaining("is for linux/s390x, not for linux/");
  }

  @Test
  void encrypted_isRefused() throws Exception {
    numbers().putInt(EXTRA, 5);
    ContainerException failure = failure("secret.sif");
    assertThat(failure.kind()).isEqualTo(Kind.UNSUPPORTED);
    assertThat(failure).hasMessageContaining("object 2 is encrypted");
    assertThat(failure.hint()).contains("without --encrypt");
  }

  @Test
  void ext3_isRefusedWithTheRemedy() throws Exception {
    numbers().putInt(EXTRA, 2);
    assertThat(failure("ext.sif").hint()).contains("apptainer build");
    bytes = new byte[100_000];
    bytes[1080] = 0x53;
    bytes[1081] = (byte) 0xef;
    ContainerException bare = failure("old.img");
    assertThat(bare.kind()).isEqualTo(Kind.UNSUPPORTED);
    assertThat(bare).hasMessageContaining("is ext3");
  }

  @Test
  void withoutPrimaryPartition_isRefused() throws Exception {
    bytes = Files.readAllBytes(Needs.fixture("sif/empty.sif"));
    assertThat(failure("empty.sif")).hasMessageContaining("has no primary partition");
  }

  @Test
  void damagedData_isRefusedWithOffsetAndField() throws Exception {
    Arrays.fill(bytes, (1 << 20) + 5_000, (1 << 20) + 5_100, (byte) 0x55);
    assertThat(unpacking("damaged.sif"))
        .hasMessageMatching(".*squashfs at byte \\d+ \\((data block|fragment)\\): .*");
  }

  @Test
  void cutOff_isRefused() throws Exception {
    bytes = Arrays.copyOf(bytes, bytes.length - 1);
    assertThat(failure("short.sif")).hasMessageContaining("it is cut off");
  }

  @Test
  void tooLarge_isABomb() throws Exception {
    request = request.configured(Map.of("singularity", Map.of("limits", Map.of("bytes", 100_000))));
    assertThat(unpacking("bomb.sif")).hasMessageContaining("looks like a bomb");
  }

  @Test
  void theRootFileSystem_isKeptAsItIs() throws Exception {
    Layer layer = read("sif", written("busybox.sif")).image().layers().get(0);
    byte[] partition = Arrays.copyOfRange(bytes, 1 << 20, (1 << 20) + 704512);
    LayerPath place = store.place(layer);
    LayerPath.Packed packed = place.packed().orElseThrow();
    assertThat(packed.kind()).isEqualTo(Lower.SQUASHFS);
    assertThat(packed.file()).hasBinaryContent(partition);
    assertThat(place.directory()).doesNotExist();
    LayerPath unpacked = store.unpacked(layer, request);
    assertThat(unpacked).isEqualTo(place.unpacked()).isEqualTo(store.place(layer));
    assertThat(unpacked.directory().resolve("bin/busybox")).isExecutable();
    assertThat(store.check(true, false).problems()).isEmpty();
  }

  @Test
  void withoutAReader_theLayerIsRefusedByItsType() throws Exception {
    Layer layer = read("sif", written("busybox.sif")).image().layers().get(0);
    ImageStore alone = new OciStore(directory.resolve("store"), PinnedImages.NONE);
    assertThat(catchThrowableOfType(ContainerException.class, () -> alone.unpacked(layer, request)))
        .hasMessageContaining("squashfs', which no plugin reads");
  }

  @Test
  void sectionsChangedAtRandom_areReadOrRefused() throws Exception {
    byte[] partition = Arrays.copyOfRange(bytes, 1 << 20, (1 << 20) + 704512);
    new Fuzz("image", 96, List.of(partition))
        .run(
            changed -> {
              bytes = changed;
              read("sif", written("changed.sqsh"));
            },
            Set.of(ContainerException.class));
  }

  private LaunchDefaults meaning(FakeRequest caller) throws Exception {
    return new SingularityFormat()
        .defaults(read("sif", written("busybox.sif")).image(), caller)
        .orElseThrow();
  }

  @Test
  void environmentOfTheCaller_isInjected() throws Exception {
    LaunchDefaults meaning =
        meaning(
            request
                .with("SINGULARITYENV_A", "old")
                .with("APPTAINERENV_A", "new")
                .with("SINGULARITYENV_B", "b")
                .with("APPTAINERENV_PREPEND_PATH", "/it's")
                .with("APPTAINERENV_bad-name", "x")
                .with("OTHER", "x"));
    assertThat(meaning.environment(Optional.empty()))
        .containsEntry("A", "new")
        .containsEntry("B", "b")
        .doesNotContainKeys("OTHER", "bad-name", "PREPEND_PATH");
    List<String> argv = meaning.argv("exec", Optional.empty(), Set.of("C", "not a name"));
    assertThat(argv).hasSize(4).startsWith("/bin/sh", "-c");
    assertThat(argv.get(2))
        .contains(
            "_lichen_A=$A\n", "export C=\"$_lichen_C\"\n", "export PATH='/it'\\''s':\"$PATH\"")
        .doesNotContain("not a name")
        .endsWith("exec \"$@\"\n");
  }

  @Test
  void everyAction_isAScriptForTheShell() throws Exception {
    LaunchDefaults meaning = meaning(request);
    for (String action : List.of("run", "exec", "shell", "test", "start")) {
      String script = meaning.argv(action, Optional.empty(), Set.of("A")).get(2);
      Needs.output("sh", "-n", "-c", script);
    }
    assertThat(
            catchThrowableOfType(
                    ContainerException.class,
                    () -> meaning.argv("dance", Optional.empty(), Set.of()))
                .kind())
        .isEqualTo(Kind.USAGE);
    assertThat(
            catchThrowableOfType(
                    ContainerException.class, () -> meaning.argv("run", Optional.of("x"), Set.of()))
                .kind())
        .isEqualTo(Kind.NOT_FOUND);
  }

  /** A root of one program, as Apptainer makes one of a Docker image without a shell. */
  private Image withoutShell(Map<String, Object> oci, String... scripts) throws Exception {
    Path tree = Files.createDirectories(directory.resolve("tree"));
    Path env = Files.createDirectories(tree.resolve(".singularity.d/env"));
    for (int i = 0; i < scripts.length; i++) {
      Files.writeString(env.resolve(i + "0-x.sh"), scripts[i]);
    }
    Path squashfs = directory.resolve("tree.sqsh");
    Files.deleteIfExists(squashfs);
    Needs.output(
        Needs.program("mksquashfs").toString(), tree.toString(), squashfs.toString(), "-quiet");
    byte[] root = Files.readAllBytes(squashfs);
    byte[] config = new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsBytes(oci);
    bytes = Arrays.copyOf(bytes, (1 << 20) + root.length + config.length);
    System.arraycopy(root, 0, bytes, 1 << 20, root.length);
    System.arraycopy(config, 0, bytes, (1 << 20) + root.length, config.length);
    numbers().putLong(PARTITION + 25, root.length);
    if (!oci.isEmpty()) {
      int at = PARTITION + 585;
      numbers().putInt(at, 0x4006).put(at + 4, (byte) 1).putInt(at + 5, 3);
      numbers().putInt(at + 9, 0xf0000001).putLong(at + 17, (1 << 20) + root.length);
      numbers().putLong(at + 25, config.length).putLong(at + 33, config.length);
      numbers().put(at + 73, "oci-config.json".getBytes(StandardCharsets.US_ASCII));
    }
    return read("sif", written("small.sif")).image();
  }

  @Test
  void withoutAShell_theEnvironmentIsWhatScriptsExport() throws Exception {
    Image image =
        withoutShell(
            Map.of(),
            "export A=\"${A:-\"1\"}\" PATH=/own:/bin",
            "export B=$A$A C=$(date)\nexport D=image");
    assertThat(image.config().environment())
        .containsExactly(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1");
    LaunchDefaults meaning =
        new SingularityFormat()
            .defaults(
                image,
                request.with("APPTAINERENV_D", "caller").with("APPTAINERENV_APPEND_PATH", "/last"))
            .orElseThrow();
    assertThat(meaning.environment(Optional.empty()))
        .containsEntry("B", "11")
        .containsEntry("D", "caller")
        .containsEntry("PATH", "/own:/bin:/last")
        .doesNotContainKeys("A", "C", "APPEND_PATH");
    assertThat(meaning.argv("exec", Optional.empty(), Set.of())).isEmpty();
    assertThat(meaning.argv("run", Optional.empty(), Set.of()))
        .containsExactly("/.singularity.d/runscript");
  }

  @Test
  void withoutAShell_theConfigurationOfOciIsTheMeaning() throws Exception {
    Image image =
        withoutShell(
            Map.of(
                "Entrypoint", List.of("/server"),
                "Cmd", List.of("--help"),
                "Env", List.of("PATH=/bin", "LANG=C")),
            "export LANG=\"${LANG:-\"C\"}\"");
    assertThat(image.config().entrypoint()).containsExactly("/server");
    assertThat(image.config().command()).containsExactly("--help");
    assertThat(image.config().environment()).containsExactly("PATH=/bin", "LANG=C");
    LaunchDefaults meaning = new SingularityFormat().defaults(image, request).orElseThrow();
    assertThat(meaning.argv("run", Optional.empty(), Set.of())).isEmpty();
    assertThat(meaning.environment(Optional.empty())).doesNotContainKeys("LANG", "PATH");
  }

  @Test
  void theCaller_hasALineInTheGuestsLists() throws Exception {
    LaunchDefaults.Account caller = new LaunchDefaults.Account("me", 1001, "us", 100);
    assertThat(meaning(request.with("HOME", "/home/m:e").with("SHELL", "/bin/bash")).files(caller))
        .hasEntrySatisfying(
            new GuestPath("/etc/passwd"),
            text ->
                assertThat(text)
                    .startsWith("root:x:0:0:")
                    .endsWith("\nme:x:1001:100::/home/m_e:/bin/bash\n"))
        .hasEntrySatisfying(
            new GuestPath("/etc/group"),
            text ->
                assertThat(text)
                    .contains("\nus:x:100:me\n")
                    .doesNotContain("users:x:100:")
                    .endsWith("\n"));
  }

  @Test
  void anImageOfAnotherFormat_hasNoMeaning() throws Exception {
    Image image = read("sif", written("busybox.sif")).image();
    Image other =
        new Image(
            image.id(),
            image.manifest(),
            image.platform(),
            new org.lichen.api.image.ImageConfig(Map.of()),
            image.layers());
    assertThat(new SingularityFormat().defaults(other, request)).isEmpty();
  }
}
