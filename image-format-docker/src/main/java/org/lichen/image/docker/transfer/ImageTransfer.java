package org.lichen.image.docker.transfer;

import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Platform;
import org.lichen.image.docker.model.ConfigFile;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.Platforms;

/** Brings images into the store: from what a name leads to, to the published image. */
public final class ImageTransfer {
  /** An index may list indexes; nobody nests them deeper than this. */
  private static final int DEEPEST = 4;

  private final ImageStore.Writer into;
  private final Request request;
  private final Platform wanted;

  public ImageTransfer(ImageStore.Writer into, Request request, Platform wanted) {
    this.into = into;
    this.request = request;
    this.wanted = wanted;
  }

  /** The image of a document for the wanted platform. */
  public Image image(Content content, Document document) throws ContainerException {
    if (document instanceof Document.Manifest manifest) {
      return image(content, manifest);
    }
    Document.Index index = (Document.Index) document;
    List<Descriptor> all = flat(content, index.manifests(), 1);
    List<Offer> offers = offers(content, all);
    Offer best =
        Platforms.best(wanted, offers, Offer::platform)
            .orElseThrow(
                () ->
                    Platforms.none(wanted, content.which(), offers.stream().map(Offer::platform)));
    return image(content, best.descriptor());
  }

  /** The image of a manifest that a descriptor leads to. */
  public Image image(Content content, Descriptor descriptor) throws ContainerException {
    return image(content, document(content, descriptor));
  }

  /** The manifests that descriptors lead to, with their platforms; indexes are followed. */
  public List<Offer> offers(Content content, List<Descriptor> descriptors)
      throws ContainerException {
    List<Offer> offers = new ArrayList<>();
    for (Descriptor each : flat(content, descriptors, 0)) {
      if (each.platform().isPresent()) {
        offers.add(new Offer(each, each.platform().get()));
      } else if (document(content, each) instanceof Document.Manifest manifest) {
        offers.add(new Offer(each, config(content, manifest).platform()));
      }
    }
    return offers;
  }

  private List<Descriptor> flat(Content content, List<Descriptor> descriptors, int depth)
      throws ContainerException {
    List<Descriptor> flat = new ArrayList<>();
    for (Descriptor each : descriptors) {
      boolean typed = MediaTypes.manifest(each.mediaType());
      if (typed || (each.platform().isPresent() && !MediaTypes.index(each.mediaType()))) {
        flat.add(each);
      } else if (MediaTypes.index(each.mediaType()) || each.mediaType().isEmpty()) {
        Origin origin = new Origin("index " + each.digest(), content.which());
        if (depth == DEEPEST) {
          throw origin.corrupt("indexes are nested deeper than " + DEEPEST);
        }
        if (document(content, each) instanceof Document.Index index) {
          flat.addAll(flat(content, index.manifests(), depth + 1));
        } else {
          flat.add(each);
        }
      } // anything else is no image: signatures, attestations, charts
    }
    return flat;
  }

  private Image image(Content content, Document.Manifest manifest) throws ContainerException {
    Origin origin = new Origin("configuration " + manifest.config().digest(), content.which());
    byte[] bytes = verified(manifest.config(), content::config, origin);
    ConfigFile config = ConfigFile.parse(bytes, origin);
    if (!Platforms.fits(wanted, config.platform())) {
      throw Platforms.none(wanted, content.which(), java.util.stream.Stream.of(config.platform()));
    }
    config.requireLayers(manifest.layers().size(), origin);
    new LayerTransfer(request, into).run(content, manifest.layers(), config.diffIds());
    store(bytes, manifest.config().digest());
    store(manifest.bytes(), manifest.digest());
    request.cancellation().check();
    return into.publish(manifest.digest());
  }

  private ConfigFile config(Content content, Document.Manifest manifest) throws ContainerException {
    Origin origin = new Origin("configuration " + manifest.config().digest(), content.which());
    return ConfigFile.parse(verified(manifest.config(), content::config, origin), origin);
  }

  private Document document(Content content, Descriptor descriptor) throws ContainerException {
    Origin origin = new Origin("manifest " + descriptor.digest(), content.which());
    return Document.parse(
        verified(descriptor, content::manifest, origin), descriptor.mediaType(), origin);
  }

  /** Reads a document. */
  private interface Reader {
    byte[] read(Descriptor descriptor) throws ContainerException;
  }

  private byte[] verified(Descriptor descriptor, Reader reader, Origin origin)
      throws ContainerException {
    request.cancellation().check();
    byte[] bytes = reader.read(descriptor);
    Digest digest =
        Digest.of(
            descriptor.digest().algorithm(),
            Digest.hasher(descriptor.digest().algorithm()).digest(bytes));
    if (!digest.equals(descriptor.digest())) {
      throw origin.corrupt("its content has the digest " + digest);
    }
    return bytes;
  }

  private void store(byte[] bytes, Digest digest) throws ContainerException {
    if (!into.has(digest)) {
      into.blob(Channels.newChannel(new java.io.ByteArrayInputStream(bytes)), Optional.of(digest));
    }
  }

  /** A manifest and the platform of its image. */
  public record Offer(Descriptor descriptor, Platform platform) {}
}
