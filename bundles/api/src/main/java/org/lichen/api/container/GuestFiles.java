package org.lichen.api.container;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The files of a stopped container, to be changed. Nobody starts or removes the container while
 * this is open. Whoever asks for it closes it; not thread-safe.
 */
@ProviderType
public interface GuestFiles extends GuestTree, AutoCloseable {
  /** Where a regular file lies on the host, to be read only; {@code path} has no links. */
  Optional<Path> file(GuestPath path) throws IOException;

  /** The same of what the image has there, be it hidden or not. */
  Optional<Path> image(GuestPath path) throws IOException;

  /** What a directory has, in no order; nothing if it is none. {@code path} has no links. */
  List<GuestPath> list(GuestPath path) throws IOException;

  /** Whether the container has this file of its own: not the image's. */
  boolean own(GuestPath path) throws IOException;

  /**
   * Gives an existing regular file this content, with its time; mode and attributes stay, owner is
   * the container's root. The container has it of its own then, the image's is not touched. It
   * appears whole.
   */
  void replace(GuestPath path, Path content) throws ContainerException, IOException;

  /** Removes the container's own file, so that the image's, if it has one, is seen again. */
  void discard(GuestPath path) throws IOException;

  /** The container's directory: what lies there goes with the container. */
  Path directory();

  @Override
  void close();
}
