package org.lichen.api.launch;

import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.GuestTree;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.osgi.annotation.versioning.ProviderType;

/** A container that is being planned, for one caller. Not thread-safe. */
@ProviderType
public interface Launching {
  ContainerSpec container();

  Image image();

  Host host();

  /** Who starts it: what is read of an environment is read of this one's. */
  Request request();

  /** The identity that is thought of: {@code single}, {@code ranges}, … */
  String identity();

  /**
   * The files that the guest will find, mounts aside; unpacks what it needs to see them. Empty
   * where they cannot be seen before the start.
   */
  Optional<GuestTree> files() throws ContainerException;

  /** As {@link Request#warn}; the same sentence is told once. */
  void warn(String message);
}
