package org.lichen.api.container;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.GuestPath;
import org.osgi.annotation.versioning.ProviderType;

/** The files of a container that does not run, as its guest will see them, mounts aside. */
@ProviderType
public interface GuestTree {
  /** Follows symbolic links, as the guest would, to a path without any; empty: nothing is there. */
  Optional<GuestPath> resolve(GuestPath path) throws IOException;

  /** Where a regular file lies on the host, to be read only; {@code path} has no links. */
  Optional<Path> file(GuestPath path) throws IOException;
}
