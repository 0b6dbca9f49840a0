package org.lichen.image.docker.registry;

import java.util.List;
import org.lichen.api.Cancellation;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.docker.transfer.ImageTransfer;

/** Reads images from registries. */
public final class RegistryImages {
  private final ImageStore.Writer into;
  private final Request request;
  private final Timing timing;

  public RegistryImages(ImageStore.Writer into, Request request, Timing timing) {
    this.into = into;
    this.request = request;
    this.timing = timing;
  }

  public List<NamedImage> read(ImageReference reference, ReadOptions options)
      throws ContainerException {
    Settings settings = new Settings(request, options.plainHttp());
    try (Session session = Session.open(settings, timing);
        Cancellation.Registration registration =
            request.cancellation().onRequest(session.exchange()::abort)) {
      RegistryContent content = new RegistryContent(session, reference);
      Image image =
          new ImageTransfer(into, request, options.wanted()).image(content, content.root());
      return List.of(new NamedImage(image, List.of(reference)));
    } catch (ContainerException failed) {
      request.cancellation().check();
      throw failed;
    }
  }
}
