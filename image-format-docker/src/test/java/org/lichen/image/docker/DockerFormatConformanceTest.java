package org.lichen.image.docker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageStore;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.ImageFormatConformance;
import org.lichen.testkit.Needs;

class DockerFormatConformanceTest extends ImageFormatConformance {
  private static final String MUSL = "docker.io/library/busybox:1.38.0-musl";

  @Override
  protected ImageFormat format() {
    return new DockerFormat();
  }

  @Override
  protected ImageStore store(Path home) throws Exception {
    return Stores.open(home);
  }

  @Override
  protected List<Sample> samples(Path into) throws Exception {
    Path layout = Needs.fixture(Fixtures.MUSL);
    List<Sample> samples = new ArrayList<>();
    Path archive = into.resolve("archive.tar");
    if (!Files.exists(archive)) {
      Fixtures.tar(layout, archive);
      Fixtures.tar(layout, into.resolve("archive.tar.gz"), "-z");
      Fixtures.copy(
          Fixtures.oci(Fixtures.MUSL), "docker-archive:" + into.resolve("saved.tar") + ":box:1");
      Fixtures.copy(Fixtures.oci(Fixtures.MUSL), "dir:" + into.resolve("dir"));
      Needs.output(
          "sh",
          "-c",
          "gzip -dc '"
              + Needs.fixture("alpine-minirootfs-3.20.3-x86_64.tar.gz")
              + "' > '"
              + into.resolve("root.tar")
              + "'");
    }
    samples.add(sample("oci-archive", archive, List.of(MUSL)));
    samples.add(sample("oci", layout, List.of(MUSL)));
    samples.add(sample("oci-archive", into.resolve("archive.tar.gz"), List.of(MUSL)));
    samples.add(
        sample("docker-archive", into.resolve("saved.tar"), List.of("docker.io/library/box:1")));
    samples.add(sample("dir", into.resolve("dir"), List.of()));
    samples.add(
        new Sample(FakeSource.file("tar", into.resolve("root.tar")), List.of(), 1, false, false));
    return samples;
  }

  private static Sample sample(String transport, Path file, List<String> names) {
    return new Sample(FakeSource.file(transport, file), names, 1, true, true);
  }
}
