package org.lichen.api.container;

import java.io.IOException;
import org.lichen.api.ContainerException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A type of setting that containers can have: {@code lichen set CONTAINER TYPE NAME VALUE}. The
 * values are kept in the container's metadata by whoever calls this; it makes them so. Stateless,
 * thread-safe.
 */
@ConsumerType
public interface Setting {
  /** Unique: {@code add_needed}. */
  String type();

  /** One line: what NAME and VALUE are. */
  String summary();

  /** When a change takes effect, as the end of a sentence: {@code at the next start}. */
  String effective();

  /** The one form of a name that the user has typed; the name of what is not there stays. */
  String name(String typed, GuestFiles files) throws ContainerException, IOException;

  /**
   * Makes it so that {@code settings}, which have all of the container, hold for {@code name}.
   * Repeated, or interrupted and repeated, it comes to the same.
   */
  void apply(String name, Settings settings, GuestFiles files)
      throws ContainerException, IOException;
}
