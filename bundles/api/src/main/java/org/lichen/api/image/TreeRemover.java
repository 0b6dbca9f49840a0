package org.lichen.api.image;

import java.nio.file.Path;
import org.lichen.api.ContainerException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Removes trees whose files may belong to other ids than the user's: what was made in a user
 * namespace with ranges of them. The store asks every service of this type when it cannot remove a
 * layer by itself.
 */
@ConsumerType
@FunctionalInterface
public interface TreeRemover {
  /** Removes a tree with all that is in it, or as much as it can. */
  void remove(Path tree) throws ContainerException;
}
