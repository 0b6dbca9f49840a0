package org.example.lichen.copy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Component;

/** Copies the layers, one over the other, when the container is created. */
@Component
public final class CopyStrategy implements FilesystemStrategy {
  private static final Path ROOT = Path.of("rootfs");

  @Override
  public String name() {
    return "copy";
  }

  @Override
  public int rank() {
    return 10_000;
  }

  @Override
  public Support support(Host host, RootfsOptions options) {
    if (options.ids() == Ownership.RANGES) {
      return Support.no("it does not keep owners", "choose --identity basic");
    }
    return options.ephemeral()
        ? Support.no("a container of one run is not created in Java", "leave out --rm")
        : Support.yes();
  }

  @Override
  public RootfsPlan plan(List<LayerPath> layers, RootfsOptions options) {
    return RootfsPlan.builder().lower(Lower.directory(ROOT)).readOnly(options.readOnly()).build();
  }

  @Override
  public Optional<Step> preparation(
      List<LayerPath> layers, RootfsPlan plan, RootfsOptions options) {
    return Optional.empty();
  }

  @Override
  public void prepare(
      List<LayerPath> layers,
      RootfsPlan plan,
      RootfsOptions options,
      Path container,
      Request request)
      throws ContainerException {
    for (LayerPath layer : layers) {
      request.cancellation().check();
      try {
        LayerCopy.of(layer, container.resolve(ROOT));
      } catch (IOException e) {
        throw new ContainerException(
            Kind.HOST, "cannot copy layer " + layer.diffId() + ": " + e.getMessage(), "", e);
      }
    }
  }
}
