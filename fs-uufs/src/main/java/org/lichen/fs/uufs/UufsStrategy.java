package org.lichen.fs.uufs;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Digest;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * A union: the layers of the store as they are, shared by all containers, and what the container
 * writes above them. Copies nothing and prepares nothing; what the union stands on (the kernel,
 * FUSE, the union core) is up to the launcher.
 */
@Component(service = FilesystemStrategy.class)
public final class UufsStrategy implements FilesystemStrategy {
  private static final Path UPPER = Path.of("upper");
  private static final Path WORK = Path.of("work");

  @Activate
  public UufsStrategy() {}

  @Override
  public String name() {
    return "uufs";
  }

  @Override
  public int rank() {
    return 10;
  }

  @Override
  public Support support(Host host, RootfsOptions options) {
    return Support.yes();
  }

  @Override
  public boolean takesPacked() {
    return true;
  }

  @Override
  public RootfsPlan plan(List<LayerPath> layers, RootfsOptions options) {
    RootfsPlan.Builder plan =
        RootfsPlan.builder()
            .upper(options.writable().resolve(UPPER), options.writable().resolve(WORK))
            .readOnly(options.readOnly())
            .ephemeral(options.ephemeral());
    // A layer that an image names twice counts where it is highest: all it has is seen there. The
    // kernel refuses a directory that is in a union twice.
    Set<Digest> above = new HashSet<>();
    for (int i = layers.size() - 1; i >= 0; i--) {
      if (above.add(layers.get(i).diffId())) {
        plan.lower(Lower.layer(layers.get(i)));
      }
    }
    return plan.build();
  }

  @Override
  public Optional<Step> preparation(
      List<LayerPath> layers, RootfsPlan plan, RootfsOptions options) {
    return Optional.empty();
  }
}
