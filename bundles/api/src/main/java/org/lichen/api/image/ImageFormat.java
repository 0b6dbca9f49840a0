package org.lichen.api.image;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A family of images: how they are recognised and read. Stateless and thread-safe. What a format
 * can do beside reading it declares in {@link #capabilities()} and implements in the nested
 * interfaces, so that no method ever refuses.
 */
@ConsumerType
public interface ImageFormat {
  /** Unique short name: {@code docker}, {@code singularity}. */
  String name();

  /** Transports of {@link ImageReference} that this format reads. */
  Set<String> transports();

  /** Whether the source holds this format: by content, never by file name alone. */
  Recognition recognizes(ImageSource source) throws ContainerException;

  /**
   * Brings the images of a source into the store and returns them with the names that the source
   * gives them; nothing is tagged. Either an image is there whole or it is not there at all.
   * Content that the store has already is not fetched again.
   */
  List<NamedImage> read(
      ImageSource source, ReadOptions options, ImageStore.Writer into, Request request)
      throws ContainerException;

  Set<Capability> capabilities();

  /** How sure a format is. */
  enum Recognition {
    NO,
    MAYBE,
    YES
  }

  /** What a format can do beside reading. */
  enum Capability {
    WRITE,
    SEARCH,
    VERIFY,
    DEFAULTS
  }

  /** With {@link Capability#WRITE}. */
  @ConsumerType
  interface Writing {
    void write(List<NamedImage> images, ImageStore from, Destination to, Request request)
        throws ContainerException;
  }

  /** With {@link Capability#SEARCH}. */
  @ConsumerType
  interface Searching {
    List<Found> search(String term, Request request) throws ContainerException;

    List<String> tags(ImageReference name, Request request) throws ContainerException;
  }

  /** With {@link Capability#DEFAULTS}: what running such an image means. */
  @ConsumerType
  interface Running {
    /**
     * What running an image means to the caller; empty: the image, as its configuration tells, is
     * none of this format. Reads nothing but its arguments.
     */
    Optional<LaunchDefaults> defaults(Image image, Request request);
  }
}
