package org.lichen.fs.extract;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Merges the layers into one plain directory tree, {@code rootfs} in the container's directory, by
 * a program of its own, {@code lichen-extract}. Needs nothing of the kernel, so it is what remains
 * where no union works; where the file system shares data between files, it costs little.
 */
@Component(service = FilesystemStrategy.class)
public final class ExtractStrategy implements FilesystemStrategy {
  private static final Path ROOT = Path.of("rootfs");

  /** What the image says about owners, for a launcher that can give files away or keep records. */
  private static final Path OWNERS = Path.of("rootfs.owners");

  @Activate
  public ExtractStrategy() {}

  @Override
  public String name() {
    return "extract";
  }

  @Override
  public int rank() {
    return 20;
  }

  @Override
  public Support support(Host host, RootfsOptions options) {
    return Support.yes("every container has a copy of all files of its image");
  }

  @Override
  public RootfsPlan plan(List<LayerPath> layers, RootfsOptions options) {
    RootfsPlan.Builder plan =
        RootfsPlan.builder().lower(Lower.directory(ROOT)).readOnly(options.readOnly());
    return options.ids() == Ownership.SINGLE ? plan.build() : plan.owners(OWNERS).build();
  }

  @Override
  public Optional<Step> preparation(
      List<LayerPath> layers, RootfsPlan plan, RootfsOptions options) {
    List<String> arguments = new ArrayList<>();
    arguments.add(ROOT.toString());
    plan.owners().ifPresent(list -> arguments.addAll(List.of("--owners", list.toString())));
    for (LayerPath layer : layers) {
      arguments.add(layer.index().getParent() + ":" + layer.whiteouts());
    }
    NativePart program = NativePart.of(ExtractStrategy.class, "lichen-extract");
    return Optional.of(Step.of(program).arguments(arguments).build());
  }
}
