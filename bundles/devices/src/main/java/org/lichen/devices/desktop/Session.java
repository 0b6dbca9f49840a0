package org.lichen.devices.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;

/** What one launch is given of the session of whoever starts it. */
record Session(LaunchSpec.Builder launch, Launching launching) {
  /** Where the guest finds it. */
  static final String PLACE = "/run/lichen/";

  private static final int OTHERS_WRITE = 02;

  String variable(String name, String option, String hint) throws ContainerException {
    String value = launching.request().environment().getOrDefault(name, "");
    if (value.isEmpty()) {
      throw new ContainerException(
          Kind.NOT_FOUND, option + ": you have no " + name + " in your environment", hint);
    }
    return value;
  }

  /** Shows a socket at a place of its own, and tells it by a variable. */
  void socket(String option, Path host, String variable, String name) throws ContainerException {
    bind(option, host, PLACE + name);
    launch.environment(variable, PLACE + name);
  }

  void bind(String option, Path host, String guest) throws ContainerException {
    if (!Files.exists(host)) {
      throw new ContainerException(
          Kind.NOT_FOUND,
          option + ": there is no socket " + host,
          "the session that your environment tells of has ended, or is another machine's");
    }
    if (another() && !forAll(host)) {
      launching.warn(
          option
              + ": "
              + host
              + " is for you, and user "
              + launching.container().user()
              + " of the container is somebody else: --userns keep-id");
    }
    launch.mount(new Mount(host.toString(), new GuestPath(guest), "bind", Set.of()));
  }

  private static boolean forAll(Path socket) {
    try {
      return ((Integer) Files.getAttribute(socket, "unix:mode") & OTHERS_WRITE) != 0;
    } catch (IOException gone) {
      return true; // the guest will be told
    }
  }

  /** Whether the guest is not who starts the container. */
  boolean another() {
    String user = launching.container().user().split(":", 2)[0];
    return !Set.of("", "0", "root").contains(user) && !launching.identity().equals("single");
  }

  void network(String option, String what) throws ContainerException {
    if (launching.container().namespaces().getOrDefault("net", "host").equals("none")) {
      throw new ContainerException(
          Kind.USAGE,
          option + ": " + what + " is reached by the network, and the container has none",
          "leave out --network none");
    }
  }
}
