package org.lichen.api.container;

import org.osgi.annotation.versioning.ConsumerType;

/** Whoever keeps something of a container outside its directory. Thread-safe. */
@ConsumerType
public interface ContainerRemoval {
  /** The container is gone; fails silently, for it is not to come back because of that. */
  void removed(ContainerId id);
}
