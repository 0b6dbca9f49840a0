package org.lichen.api.container;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Whoever keeps something of a container outside its directory. Fails silently, for what has
 * happened is not undone because of that. Thread-safe.
 */
@ConsumerType
public interface ContainerWatcher {
  /** The container is gone. */
  default void removed(ContainerId id) {}

  /**
   * Its settings are others. {@code shared}: real paths of the host by where they are in it now
   * ({@link org.lichen.api.Mount#shared}).
   */
  default void changed(ContainerId id, Map<String, String> shared) {}
}
