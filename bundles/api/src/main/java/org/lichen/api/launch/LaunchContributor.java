package org.lichen.api.launch;

import org.lichen.api.ContainerException;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Adds to what is launched: volumes, devices, sockets, settings. Called in ascending order at every
 * planning; it reads and adds, and changes nothing on disk.
 */
@ConsumerType
public interface LaunchContributor {
  String name();

  int order();

  void contribute(LaunchSpec.Builder launch, ContainerSpec container, Image image, Host host)
      throws ContainerException;
}
