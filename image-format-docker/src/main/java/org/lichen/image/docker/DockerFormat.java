package org.lichen.image.docker;

import java.util.List;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.docker.local.LocalImages;
import org.lichen.image.docker.local.Recognizer;
import org.lichen.image.docker.local.RootTar;
import org.lichen.image.docker.registry.RegistryImages;
import org.lichen.image.docker.registry.Timing;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Docker and OCI images: from registries ({@code docker:}), OCI layouts ({@code oci:}, {@code
 * oci-archive:}), archives of docker save ({@code docker-archive:}), skopeo's directories ({@code
 * dir:}) and tars of root file systems ({@code tar:}). Of a file, its content decides.
 */
@Component(service = ImageFormat.class)
public final class DockerFormat implements ImageFormat {
  private final Timing timing;

  @Activate
  public DockerFormat() {
    this(Timing.real());
  }

  DockerFormat(Timing timing) {
    this.timing = timing;
  }

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public Set<String> transports() {
    return Set.of("docker", "oci", "oci-archive", "docker-archive", "dir", "tar");
  }

  @Override
  public Recognition recognizes(ImageSource source) throws ContainerException {
    return source.reference().transport().equals("docker")
        ? Recognition.YES
        : Recognizer.recognize(source);
  }

  @Override
  public List<NamedImage> read(
      ImageSource source, ReadOptions options, ImageStore.Writer into, Request request)
      throws ContainerException {
    return switch (source.reference().transport()) {
      case "docker" -> new RegistryImages(into, request, timing).read(source.reference(), options);
      case "tar" -> new RootTar(into, request, timing.clock()).read(source, options);
      default -> new LocalImages(into, request, options.wanted()).read(source);
    };
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of();
  }
}
