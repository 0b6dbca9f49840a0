package org.lichen.devices.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Option;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.osgi.service.component.annotations.Component;

/**
 * {@code --x11}, {@code --wayland}, {@code --dbus} and {@code --ssh-agent}: sockets of the session
 * of whoever starts the container, each time anew.
 */
@Component
public final class DesktopContributor implements LaunchContributor {
  private static final String KEY = "desktop";
  private static final List<String> WORDS = List.of("x11", "wayland", "dbus", "ssh-agent");

  private final Path root;

  public DesktopContributor() {
    this(Path.of("/"));
  }

  DesktopContributor(Path root) {
    this.root = root;
  }

  @Override
  public String name() {
    return KEY;
  }

  @Override
  public int order() {
    return 20;
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option("--x11", "", "Your X display, with its cookie."),
        new Option("--wayland", "", "Your Wayland display."),
        new Option("--dbus", "", "Your D-Bus session."),
        new Option("--ssh-agent", "", "Your ssh agent: it signs for the container."));
  }

  @Override
  public void ask(Map<String, List<String>> values, ContainerSpec.Builder spec, Request request) {
    spec.other(KEY, WORDS.stream().filter(word -> values.containsKey("--" + word)).toList());
  }

  @Override
  public boolean concerns(ContainerSpec container) {
    return !container.texts(KEY).isEmpty();
  }

  @Override
  public void contribute(LaunchSpec.Builder launch, Launching launching) throws ContainerException {
    Session session = new Session(launch, launching);
    for (String word : launching.container().texts(KEY)) {
      switch (word) {
        case "x11" -> new XDisplay(root).show(session);
        case "wayland" -> wayland(session);
        case "dbus" -> dbus(session);
        case "ssh-agent" ->
            session.socket(
                "--ssh-agent",
                Path.of(session.variable("SSH_AUTH_SOCK", "--ssh-agent", "eval $(ssh-agent)")),
                "SSH_AUTH_SOCK",
                "ssh-agent");
        default -> {} // of a newer release
      }
    }
  }

  private static void wayland(Session session) throws ContainerException {
    String display =
        session.launching().request().environment().getOrDefault("WAYLAND_DISPLAY", "");
    String name = display.isEmpty() ? "wayland-0" : display;
    Path socket =
        name.startsWith("/")
            ? Path.of(name)
            : Path.of(
                session.variable("XDG_RUNTIME_DIR", "--wayland", "log in on a desktop"), name);
    // An absolute path is a name of a display too, so the guest needs no XDG_RUNTIME_DIR.
    session.socket("--wayland", socket, "WAYLAND_DISPLAY", "wayland");
  }

  private static void dbus(Session session) throws ContainerException {
    String set =
        session.launching().request().environment().getOrDefault("DBUS_SESSION_BUS_ADDRESS", "");
    if (set.isEmpty()) {
      String hint = "log in on a desktop, or begin with dbus-run-session";
      Path bus = Path.of(session.variable("XDG_RUNTIME_DIR", "--dbus", hint)).resolve("bus");
      if (!Files.exists(bus)) {
        throw new ContainerException(
            Kind.NOT_FOUND,
            "--dbus: you have no DBUS_SESSION_BUS_ADDRESS in your environment, and no socket "
                + bus,
            hint);
      }
      bus(bus, session);
      return;
    }
    Optional<BusAddress> address = BusAddress.first(set);
    String path = address.map(a -> a.values().getOrDefault("path", "")).orElse("");
    if (address.isEmpty()) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "--dbus: '" + set + "' is no address of a bus", "unix:path=/run/bus");
    }
    if (address.get().transport().equals("unix") && path.startsWith("/")) {
      bus(Path.of(path), session);
    } else {
      session.network("--dbus", "the bus at " + set); // an abstract socket belongs to it
      session.launch().environment("DBUS_SESSION_BUS_ADDRESS", set);
    }
  }

  /**
   * Most programs tell the bus their own user id, and it compares that with who they really are.
   */
  private static void sameUser(Path socket, Session session) {
    try {
      String owner = String.valueOf(Files.getAttribute(socket, "unix:uid"));
      if (!session.launching().container().user().split(":", 2)[0].equals(owner)) {
        session
            .launching()
            .warn(
                "--dbus: the bus refuses programs that do not run as you: --userns keep-id --user "
                    + owner);
      }
    } catch (IOException gone) {
      // the guest will be told
    }
  }

  private static void bus(Path socket, Session session) throws ContainerException {
    session.bind("--dbus", socket, Session.PLACE + "bus");
    sameUser(socket, session);
    session.launch().environment("DBUS_SESSION_BUS_ADDRESS", "unix:path=" + Session.PLACE + "bus");
  }
}
