package org.lichen.api.image;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ProviderType;

/** Brings images in by whatever format reads them, and finds those that are there. */
@ProviderType
public interface Images {
  /** Transports that some format reads now. */
  Set<String> transports();

  /** What the user typed, made complete. */
  ImageReference reference(String typed) throws ContainerException;

  /** Reads what a reference names into the store and tags it. */
  List<NamedImage> pull(ImageReference reference, ReadOptions options, Request request)
      throws ContainerException;

  /** Reads an archive from a stream, which is spooled to disk first, and tags its images. */
  List<NamedImage> load(InputStream stream, ReadOptions options, Request request)
      throws ContainerException;

  /** Reads an archive or a layout directory by what it contains, and tags its images. */
  List<NamedImage> loadFile(Path file, ReadOptions options, Request request)
      throws ContainerException;

  /**
   * The image for what the user typed: from the store, an embedded one, or pulled as the policy
   * says.
   */
  NamedImage resolve(String typed, PullPolicy policy, ReadOptions options, Request request)
      throws ContainerException;

  /** What the format of an image means by running it; empty where that is its configuration. */
  Optional<LaunchDefaults> meaning(Image image, Request request);

  /**
   * Writes images with the format that has a transport of this name.
   *
   * @throws ContainerException USAGE if no format writes that
   */
  void save(String transport, List<NamedImage> images, Destination to, Request request)
      throws ContainerException;

  /** When to ask the registry. */
  enum PullPolicy {
    ALWAYS,
    MISSING,
    NEVER,
    NEWER
  }
}
