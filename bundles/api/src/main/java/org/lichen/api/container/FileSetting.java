package org.lichen.api.container;

import java.io.IOException;
import org.lichen.api.ContainerException;
import org.osgi.annotation.versioning.ConsumerType;

/** A setting that changes files of a stopped container. */
@ConsumerType
public interface FileSetting extends Setting {
  /** The one form of a name that the user has typed; the name of what is not there stays. */
  String name(String typed, GuestFiles files) throws ContainerException, IOException;

  /**
   * Makes it so that {@code settings}, which have all of the container, hold for {@code name}.
   * Repeated, or interrupted and repeated, it comes to the same.
   */
  void apply(String name, Settings settings, GuestFiles files)
      throws ContainerException, IOException;
}
