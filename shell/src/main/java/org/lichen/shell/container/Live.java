package org.lichen.shell.container;

import java.time.Duration;
import org.lichen.api.ContainerException;
import org.lichen.api.runtime.Control;

/** Waiting for a container that may end, and with it its shim, at any moment. */
final class Live {
  private Live() {}

  static boolean ended(Control control, Duration limit) {
    try {
      return control.await(limit).isPresent();
    } catch (ContainerException gone) {
      return true; // the shim has left: so has the container
    }
  }
}
