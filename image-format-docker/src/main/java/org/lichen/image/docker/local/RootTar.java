package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.transfer.LayerImport;

/**
 * Makes an image of the tar of a root file system: one layer and a configuration that says nothing
 * but what {@code change.N} (instructions, in the order of N) and {@code message} say.
 */
public final class RootTar {
  private static final String CHANGE = "change.";

  private final ImageStore.Writer into;
  private final Request request;
  private final Clock clock;

  public RootTar(ImageStore.Writer into, Request request, Clock clock) {
    this.into = into;
    this.request = request;
    this.clock = clock;
  }

  public List<NamedImage> read(ImageSource source, ReadOptions options) throws ContainerException {
    Map<String, Object> changed = Changes.apply(changes(options.others()));
    if (source.file().filter(Files::isDirectory).isPresent()) {
      throw new ContainerException(
          Kind.USAGE,
          "cannot import (" + source.reference() + "): it is a directory, not a tar",
          "tar -C DIRECTORY -c . | lichen import - NAME");
    }
    try {
      source.peek(1); // a file that cannot be read is told of as such, not as a layer that fails
    } catch (IOException failed) {
      throw Archives.unreadable(source.reference().toString(), failed);
    }
    Layer layer =
        new LayerImport(into, request)
            .add(source.reference().toString(), MediaTypes.OCI_LAYER, () -> source.open(0));
    request.cancellation().check();
    return List.of(
        new NamedImage(into.compose(config(options, changed), List.of(layer)), List.of()));
  }

  private static List<String> changes(Map<String, String> others) {
    return others.entrySet().stream()
        .filter(each -> each.getKey().startsWith(CHANGE))
        .sorted(
            Comparator.comparing((Map.Entry<String, String> each) -> each.getKey().length())
                .thenComparing(Map.Entry::getKey)) // change.9 before change.10
        .map(Map.Entry::getValue)
        .toList();
  }

  private ImageConfig config(ReadOptions options, Map<String, Object> changed) {
    Platform platform = options.wanted();
    String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("created", now);
    config.put("architecture", platform.architecture());
    config.put("os", platform.os());
    if (!platform.variant().isEmpty()) {
      config.put("variant", platform.variant());
    }
    config.put("config", changed);
    Map<String, Object> history = new LinkedHashMap<>();
    history.put("created", now);
    history.put("created_by", "lichen import");
    Optional.ofNullable(options.others().get("message")).ifPresent(m -> history.put("comment", m));
    config.put("history", List.of(history));
    return new ImageConfig(config);
  }
}
