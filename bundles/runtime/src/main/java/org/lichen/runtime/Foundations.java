package org.lichen.runtime;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.GuestTree;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.image.LayerReader;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsPlan;

/** What containers stand on: their images in the store, and the trees that come of them. */
record Foundations(
    ImageStore store,
    Supplier<List<FilesystemStrategy>> strategies,
    Supplier<List<LayerReader>> readers) {
  Image image(ContainerSpec spec) throws ContainerException {
    return store
        .find(spec.image().toString())
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.NOT_FOUND,
                    "the image of the container is gone ("
                        + spec.imageName()
                        + ", "
                        + spec.image()
                        + ")",
                    "pull it again: lichen pull " + spec.imageName()));
  }

  List<LayerPath> places(Image image) throws ContainerException {
    List<LayerPath> layers = new ArrayList<>();
    for (Layer layer : image.layers()) {
      layers.add(store.place(layer));
    }
    return layers;
  }

  void unpack(Layer layer, ContainerSpec spec, Request request) throws ContainerException {
    try {
      store.unpacked(layer, request);
    } catch (ContainerException e) {
      request.cancellation().check();
      throw new ContainerException(
          e.kind(), "image (" + spec.imageName() + "): " + e.getMessage(), e.hint(), e);
    }
  }

  /** What a guest will find. Only of an image of several layers a packed one is unpacked for it. */
  Optional<GuestTree> look(
      ContainerSpec spec, Image image, Optional<Path> directory, Request request)
      throws ContainerException {
    if (image.layers().size() == 1 && store.place(image.layers().get(0)).packed().isPresent()) {
      Layer only = image.layers().get(0);
      Path file = store.place(only).packed().orElseThrow().file();
      return readers.get().stream()
          .filter(reader -> reader.mediaTypes().contains(only.mediaType()))
          .findFirst()
          .map(reader -> new PackedTree(reader, file, only.mediaType()));
    }
    List<UnionTrees.Tree> trees = new ArrayList<>();
    for (Layer layer : image.layers()) {
      LayerPath place = store.place(layer);
      unpack(layer, spec, request);
      trees.add(0, new UnionTrees.Tree(place.directory(), place.whiteouts().equals("aufs")));
    }
    if (directory.isPresent()) {
      RootfsPlan plan = rootfs(spec, image);
      UnionTrees own = UnionTrees.of(directory.get(), plan);
      if (Files.isDirectory(own.trees().get(0).root())) {
        return Optional.of(own);
      }
    }
    return Optional.of(new UnionTrees(trees));
  }

  /** As its strategy plans it, whatever can be started here. */
  RootfsPlan rootfs(ContainerSpec spec, Image image) throws ContainerException {
    RootfsOptions options =
        new RootfsOptions(
            spec.ephemeral(),
            spec.readOnly(),
            Chooser.ownership(spec.identity()),
            UpperPlace.recorded(spec).writable());
    for (FilesystemStrategy strategy : strategies.get()) {
      if (strategy.name().equals(spec.strategy())) {
        return strategy.plan(places(image), options);
      }
    }
    throw new ContainerException(
        Kind.UNSUPPORTED, "no strategy '" + spec.strategy() + "' is installed", "");
  }
}
