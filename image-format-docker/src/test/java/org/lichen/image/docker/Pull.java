package org.lichen.image.docker;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.lichen.api.ContainerException;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.docker.registry.Timing;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FakeSource;

/** A user who pulls; the pauses between attempts are kept and not waited for. */
final class Pull {
  final ImageStore store;
  final List<Duration> pauses = new CopyOnWriteArrayList<>();
  FakeRequest request;
  ReadOptions options = ReadOptions.DEFAULT;
  Duration silence = Duration.ofSeconds(10);

  private Pull(ImageStore store, FakeRequest request) {
    this.store = store;
    this.request = request;
  }

  static Pull in(Path directory) throws Exception {
    return new Pull(Stores.open(directory.resolve("store")), FakeRequest.in(directory));
  }

  Pull insecure(String... hosts) {
    request = request.configured(Map.of("registries", Map.of("insecure", List.of(hosts))));
    return this;
  }

  Image image(String name) throws ContainerException {
    return images(FakeSource.registry(name)).get(0).image();
  }

  List<NamedImage> images(FakeSource source) throws ContainerException {
    Timing timing =
        new Timing(
            Clock.systemUTC(),
            new Random(7),
            (time, until) -> pauses.add(time),
            Duration.ofSeconds(5),
            silence);
    try (ImageStore.Writer writer = store.writer()) {
      return new DockerFormat(timing).read(source, options, writer, request);
    }
  }
}
