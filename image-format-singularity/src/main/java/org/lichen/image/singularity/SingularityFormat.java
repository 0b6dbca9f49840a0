package org.lichen.image.singularity;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.image.Destination;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.LaunchDefaults;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.singularity.read.Meaning;
import org.lichen.image.singularity.read.SingularityImages;
import org.lichen.image.singularity.write.ImageToSif;
import org.osgi.service.component.annotations.Component;

/**
 * Singularity and Apptainer images ({@code sif:}): SIF, and squashfs, bare or as Singularity 2 made
 * it. Of a file, its content decides.
 */
@Component(service = ImageFormat.class)
public final class SingularityFormat
    implements ImageFormat, ImageFormat.Running, ImageFormat.Writing {
  @Override
  public String name() {
    return "singularity";
  }

  @Override
  public Set<String> transports() {
    return Set.of("sif");
  }

  @Override
  public Recognition recognizes(ImageSource source) throws ContainerException {
    return SingularityImages.recognize(source);
  }

  @Override
  public List<NamedImage> read(
      ImageSource source, ReadOptions options, ImageStore.Writer into, Request request)
      throws ContainerException {
    return new SingularityImages(into, request).read(source, options);
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.DEFAULTS, Capability.WRITE);
  }

  @Override
  public void write(List<NamedImage> images, ImageStore from, Destination to, Request request)
      throws ContainerException {
    new ImageToSif(from, request).write(images, to);
  }

  @Override
  public Optional<LaunchDefaults> defaults(Image image, Request request) {
    return Meaning.of(image, request);
  }
}
