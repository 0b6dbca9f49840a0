package org.lichen.api.container;

import java.io.IOException;
import java.util.Optional;
import org.lichen.api.GuestPath;
import org.osgi.annotation.versioning.ProviderType;

/** The files of a container that does not run, as its guest will see them, mounts aside. */
@ProviderType
public interface GuestTree {
  /** Follows symbolic links, as the guest would, to a path without any; empty: nothing is there. */
  Optional<GuestPath> resolve(GuestPath path) throws IOException;

  /** What a regular file has in it; empty if it is none. {@code path} has no links. */
  Optional<byte[]> read(GuestPath path) throws IOException;
}
