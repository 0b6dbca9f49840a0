package org.lichen.image.singularity;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageStore;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.ImageFormatConformance;
import org.lichen.testkit.Needs;

class SingularityFormatConformanceTest extends ImageFormatConformance {
  @Override
  protected ImageFormat format() {
    return new SingularityFormat();
  }

  @Override
  protected ImageStore store(Path home) {
    return Stores.in(home);
  }

  @Override
  protected List<Sample> samples(Path into) {
    List<Sample> samples = new ArrayList<>();
    samples.add(sample("lpmx-testcontainer.sif", true));
    samples.add(sample("sif/root.squashfs", false));
    return samples;
  }

  private static Sample sample(String name, boolean platform) {
    Path file = Needs.fixture(name).toAbsolutePath().normalize();
    return new Sample(FakeSource.file("sif", file), List.of("sif:" + file), 1, false, platform);
  }
}
