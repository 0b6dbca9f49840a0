package org.lichen.image.docker.local;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.NamedImage;
import org.lichen.image.docker.model.ConfigFile;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.PlatformMissing;
import org.lichen.image.docker.model.Platforms;
import org.lichen.image.docker.transfer.LayerImport;

/**
 * The images of an archive of {@code docker save} before Docker 1.10 (Docker image specification
 * v1.0): layers that name their parents, and a configuration in the topmost of them.
 *
 * <pre>
 *   repositories            {"NAME": {"TAG": "ID", …}, …}
 *   ID/VERSION  ID/json  ID/layer.tar
 * </pre>
 */
final class LegacyArchive {
  private static final int MOST_LAYERS = 1000;

  private final Tree tree;
  private final ImageReference source;
  private final Origin origin;
  private final LayerImport layers;

  LegacyArchive(Tree tree, ImageReference source, LayerImport layers) {
    this.tree = tree;
    this.source = source;
    this.layers = layers;
    origin = new Origin("docker archive", source.toString());
  }

  static boolean is(Tree tree) {
    return tree.has("repositories");
  }

  List<NamedImage> read(ImageStore.Writer into, org.lichen.api.image.Platform wanted)
      throws ContainerException {
    Map<String, Set<ImageReference>> names = new LinkedHashMap<>();
    Json repositories = Json.parse(tree.document("repositories", origin), origin).requireObject();
    for (Map.Entry<String, Json> name : repositories.members().entrySet()) {
      for (Map.Entry<String, Json> tag : name.getValue().members().entrySet()) {
        if (source.tag().map(tag.getKey()::equals).orElse(true)) {
          Set<ImageReference> of =
              names.computeIfAbsent(tag.getValue().text(), id -> new LinkedHashSet<>());
          Names.full(name.getKey() + ":" + tag.getKey()).ifPresent(of::add);
        }
      }
    }
    List<NamedImage> images = new ArrayList<>();
    List<PlatformMissing> foreign = new ArrayList<>();
    for (Map.Entry<String, Set<ImageReference>> each : names.entrySet()) {
      try {
        images.add(
            new NamedImage(image(each.getKey(), into, wanted), List.copyOf(each.getValue())));
      } catch (PlatformMissing other) {
        foreign.add(other);
      }
    }
    if (images.isEmpty()) {
      throw PlatformMissing.joined(wanted, source.toString(), foreign);
    }
    return images;
  }

  private Image image(String id, ImageStore.Writer into, org.lichen.api.image.Platform wanted)
      throws ContainerException {
    Deque<String> chain = new ArrayDeque<>();
    Json top = description(id);
    ConfigFile config = ConfigFile.parse(Json.write(configuration(top)), origin);
    if (!Platforms.fits(wanted, config.platform())) {
      throw Platforms.none(
          wanted, source.toString(), java.util.stream.Stream.of(config.platform()));
    }
    for (Optional<String> at = Optional.of(id); at.isPresent(); ) {
      if (chain.contains(at.get()) || chain.size() == MOST_LAYERS) {
        throw origin.corrupt("the parents of " + id + " go in a circle, or on without an end");
      }
      chain.addFirst(at.get());
      at = description(at.get()).get("parent").optionalText().filter(s -> !s.isEmpty());
    }
    List<Layer> stored = new ArrayList<>();
    for (String each : chain) {
      String name = each + "/layer.tar";
      if (!tree.has(name)) {
        throw origin.corrupt("there is no " + name);
      }
      stored.add(layers.add(each, MediaTypes.OCI_LAYER, () -> tree.open(name)));
    }
    return into.compose(config.config(), stored);
  }

  private Json description(String id) throws ContainerException {
    if (!id.matches("[0-9a-f]{1,128}")) {
      throw origin.corrupt("a layer has an id that is not of hex digits");
    }
    return Json.parse(tree.document(id + "/json", origin), origin).requireObject();
  }

  private static Map<String, Object> configuration(Json description) throws ContainerException {
    Map<String, Object> old = description.map();
    Map<String, Object> config = new LinkedHashMap<>();
    for (String key : List.of("created", "author", "architecture", "os", "config")) {
      Optional.ofNullable(old.get(key)).ifPresent(value -> config.put(key, value));
    }
    config.putIfAbsent("os", "linux");
    return new ImageConfig(config).oci();
  }
}
