package org.lichen.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageFormat.Capability;
import org.lichen.api.image.ImageFormat.Recognition;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;

/**
 * What every image format must do. A plugin's test extends this class and gives its format, a store
 * and some images of its own; what a format declares in its capabilities it must have, and what it
 * does not declare it must not pretend to have.
 */
public abstract class ImageFormatConformance {
  /** So many damaged copies are made of a sample. */
  private static final int DAMAGES = 12;

  private static final Platform FOREIGN = new Platform("plan9", "pdp11", "");

  @SuppressWarnings("NullAway.Init")
  @TempDir
  protected Path directory;

  /**
   * An image of the format in a file or directory. {@code names} are those that reading it must
   * give; {@code layers} the number of its layers; {@code addressed}: its content has digests, so
   * that no damage goes unnoticed; {@code platform}: it says for which platform it is.
   */
  public record Sample(
      FakeSource source, List<String> names, int layers, boolean addressed, boolean platform) {
    public Sample {
      names = List.copyOf(names);
    }

    @Override
    public String toString() {
      return source.reference().toString();
    }
  }

  protected abstract ImageFormat format();

  /** A new, empty store in a directory that does not exist yet. */
  protected abstract ImageStore store(Path home) throws Exception;

  /** Images for the platform of this machine, at least one; made in {@code into} if need be. */
  protected abstract List<Sample> samples(Path into) throws Exception;

  private List<Sample> made() throws Exception {
    return samples(Files.createDirectories(directory.resolve("samples")));
  }

  private List<NamedImage> read(Sample sample, ImageStore store) throws ContainerException {
    return read(sample.source(), store, FakeRequest.in(directory), ReadOptions.DEFAULT);
  }

  private List<NamedImage> read(
      FakeSource source, ImageStore store, FakeRequest request, ReadOptions options)
      throws ContainerException {
    try (ImageStore.Writer writer = store.writer()) {
      return format().read(source, options, writer, request);
    }
  }

  @Test
  void name_isOneWord() {
    assertThat(format().name()).matches("[a-z][a-z0-9-]+");
    assertThat(format().transports()).isNotEmpty().allMatch(t -> t.matches("[a-z][a-z0-9-]+"));
  }

  @Test
  void capabilities_areWhatIsImplemented() {
    ImageFormat format = format();
    assertThat(format.capabilities().contains(Capability.WRITE))
        .isEqualTo(format instanceof ImageFormat.Writing);
    assertThat(format.capabilities().contains(Capability.SEARCH))
        .isEqualTo(format instanceof ImageFormat.Searching);
    assertThat(format.capabilities().contains(Capability.DEFAULTS))
        .isEqualTo(format instanceof ImageFormat.Running);
  }

  @Test
  void recognizes_itsOwn() throws Exception {
    for (Sample sample : made()) {
      assertThat(format().recognizes(sample.source()))
          .as(sample.toString())
          .isEqualTo(Recognition.YES);
    }
  }

  @Test
  void recognizes_nothingElse() throws Exception {
    byte[] noise = new byte[100_000];
    new java.util.Random(1).nextBytes(noise);
    List<byte[]> others = new ArrayList<>(List.of(noise, new byte[0], new byte[1024]));
    others.add("#!/bin/sh\nexit 0\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    int count = 0;
    for (byte[] each : others) {
      Path file = Files.write(directory.resolve("other" + count++), each);
      assertThat(format().recognizes(FakeSource.file("archive", file))).isEqualTo(Recognition.NO);
    }
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertThat(format().recognizes(FakeSource.file("archive", empty))).isEqualTo(Recognition.NO);
  }

  @Test
  void read_bringsTheImageWithItsNames() throws Exception {
    int count = 0;
    for (Sample sample : made()) {
      ImageStore store = store(directory.resolve("store" + count++));
      List<NamedImage> images = read(sample, store);
      assertThat(images).as(sample.toString()).isNotEmpty();
      NamedImage first = images.get(0);
      assertThat(first.image().layers()).as(sample.toString()).hasSize(sample.layers());
      assertThat(images.stream().flatMap(i -> i.names().stream()).map(ImageReference::toString))
          .as(sample.toString())
          .containsExactlyInAnyOrderElementsOf(sample.names());
      for (Layer layer : first.image().layers()) {
        assertThat(store.unpacked(layer, FakeRequest.NOBODY).directory()).isDirectory();
      }
      ImageReference name = ImageReference.docker("localhost/conformance:1");
      store.tag(name, first.image());
      assertThat(store.find(name)).contains(first.image());
      assertThat(store.check(true, false).problems()).isEmpty();
    }
  }

  @Test
  void read_again_isTheSame() throws Exception {
    ImageStore store = store(directory.resolve("store"));
    for (Sample sample : made()) {
      List<Image> once = read(sample, store).stream().map(NamedImage::image).toList();
      List<Image> twice = read(sample, store).stream().map(NamedImage::image).toList();
      if (sample.addressed()) {
        assertThat(twice).as(sample.toString()).isEqualTo(once);
      } else {
        assertThat(twice.get(0).layers()).as(sample.toString()).isEqualTo(once.get(0).layers());
      }
    }
  }

  @Test
  void read_inParallel_givesOneImage() throws Exception {
    Sample sample = made().get(0);
    ImageStore store = store(directory.resolve("store"));
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Callable<List<NamedImage>>> calls = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        calls.add(() -> read(sample, store));
      }
      List<Image> images = new ArrayList<>();
      for (Future<List<NamedImage>> each : pool.invokeAll(calls)) {
        images.add(each.get().get(0).image());
      }
      assertThat(images).extracting(Image::layers).containsOnly(images.get(0).layers());
    } finally {
      pool.shutdownNow();
    }
    assertThat(store.check(true, false).problems()).isEmpty();
  }

  @Test
  void read_forAnotherPlatform_saysWhatThereIs() throws Exception {
    for (Sample sample : made().stream().filter(Sample::platform).toList()) {
      ImageStore store = store(directory.resolve("store"));
      ContainerException failure =
          failure(
              () ->
                  read(
                      sample.source(),
                      store,
                      FakeRequest.in(directory),
                      new ReadOptions(Optional.of(FOREIGN), false, java.util.Map.of())),
              sample.toString());
      assertThat(failure).hasMessageContaining("plan9/pdp11").hasMessageContaining("linux/");
      assertThat(store.list()).isEmpty();
    }
  }

  @Test
  void read_cancelled_leavesNothing() throws Exception {
    for (Sample sample : made()) {
      ImageStore store = store(directory.resolve("store"));
      FakeRequest request = FakeRequest.in(directory);
      request.cancellation().request();
      failure(() -> read(sample.source(), store, request, ReadOptions.DEFAULT), sample.toString());
      assertThat(store.list()).isEmpty();
    }
  }

  @Test
  void read_missingFile_isNotFound() throws Exception {
    for (Sample sample : made()) {
      ImageStore store = store(directory.resolve("store"));
      FakeSource gone =
          FakeSource.file(sample.source().reference().transport(), directory.resolve("gone"));
      ContainerException failure =
          failure(() -> read(gone, store, FakeRequest.in(directory), ReadOptions.DEFAULT), "gone");
      assertThat(failure).hasMessageContaining("gone");
      assertThat(failure.kind()).isIn(Kind.NOT_FOUND, Kind.HOST);
    }
  }

  @Test
  void read_truncated_isRefusedAndLeavesNothing() throws Exception {
    for (Sample sample : damageable()) {
      byte[] whole = Files.readAllBytes(sample.source().file().orElseThrow());
      for (int i = 0; i < DAMAGES; i++) {
        byte[] part = java.util.Arrays.copyOf(whole, (int) ((long) whole.length * i / DAMAGES));
        refused(sample, part, "the first " + part.length + " bytes of " + sample, false);
      }
    }
  }

  @Test
  void read_altered_isRefusedOrTheSame() throws Exception {
    for (Sample sample : damageable()) {
      byte[] whole = Files.readAllBytes(sample.source().file().orElseThrow());
      for (int i = 0; i < DAMAGES; i++) {
        byte[] altered = whole.clone();
        int at = (int) ((long) whole.length * i / DAMAGES + 77) % whole.length;
        altered[at] ^= 1;
        refused(sample, altered, "byte " + at + " of " + sample, true);
      }
    }
  }

  private Stream<Sample> addressedFiles() throws Exception {
    return made().stream()
        .filter(Sample::addressed)
        .filter(sample -> sample.source().file().filter(Files::isRegularFile).isPresent());
  }

  private List<Sample> damageable() throws Exception {
    return addressedFiles().toList();
  }

  private void refused(Sample sample, byte[] content, String what, boolean orSame)
      throws Exception {
    Path file = directory.resolve("damaged");
    Files.write(file, content, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    FakeSource source =
        FakeSource.file(
            sample.source().reference().transport(), file, sample.source().reference().tag());
    ImageStore store = store(directory.resolve("damaged-store"));
    try {
      List<NamedImage> images = read(source, store, FakeRequest.in(directory), ReadOptions.DEFAULT);
      assertThat(orSame).as(what + " was read").isTrue();
      ImageStore other = store(directory.resolve("whole-store"));
      assertThat(images.stream().map(NamedImage::image))
          .as(what)
          .isEqualTo(read(sample, other).stream().map(NamedImage::image).toList());
    } catch (ContainerException failure) {
      assertThat(failure.kind()).as(what + ": " + failure).isNotEqualTo(Kind.INTERNAL);
      assertThat(failure.getMessage()).as(what).isNotBlank();
      assertThat(store.list()).as(what).isEmpty();
    } finally {
      Needs.output("rm", "-rf", directory.resolve("damaged-store").toString());
    }
  }

  private static ContainerException failure(Callable<?> call, String what) {
    ContainerException failure = catchThrowableOfType(ContainerException.class, call::call);
    assertThat(failure).as(what + " must fail").isNotNull();
    return failure;
  }
}
