package org.lichen.runtime;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.GuestTree;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.lichen.api.launch.Launching;

/** Who starts a container, and what contributors may ask and tell while it is planned. */
final class Starting {
  private final Request request;
  private final Look look;
  private final Consumer<String> warnings;
  private final Set<String> told = new HashSet<>();

  /** Looks into a container that does not run. */
  @FunctionalInterface
  interface Look {
    Optional<GuestTree> files() throws ContainerException;
  }

  Starting(Request request, Look look, Consumer<String> warnings) {
    this.request = request;
    this.look = look;
    this.warnings = warnings;
  }

  /** One way to run it. */
  Launching way(ContainerSpec container, Image image, Host host, String identity) {
    return new Way(this, container, image, host, identity);
  }

  private record Way(
      Starting starting, ContainerSpec container, Image image, Host host, String identity)
      implements Launching {
    @Override
    public Request request() {
      return starting.request;
    }

    @Override
    public Optional<GuestTree> files() throws ContainerException {
      return starting.look.files();
    }

    @Override
    public void warn(String message) {
      if (starting.told.add(message)) {
        starting.warnings.accept(message);
      }
    }
  }
}
