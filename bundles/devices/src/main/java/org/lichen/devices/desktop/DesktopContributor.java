package org.lichen.devices.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
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
  private static final int OTHERS_WRITE = 02;
  private static final String PLACE = "/run/lichen/";

  /** Of X(7): host, number of the display, perhaps the screen. */
  private static final Pattern DISPLAY = Pattern.compile("(.*):([0-9]{1,5})(?:\\.[0-9]+)?");

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
    for (String word : launching.container().texts(KEY)) {
      switch (word) {
        case "x11" -> x11(launch, launching);
        case "wayland" -> wayland(launch, launching);
        case "dbus" -> dbus(launch, launching);
        case "ssh-agent" ->
            socket(
                "--ssh-agent",
                Path.of(variable(launching, "SSH_AUTH_SOCK", "--ssh-agent", "eval $(ssh-agent)")),
                "SSH_AUTH_SOCK",
                "ssh-agent",
                launch,
                launching);
        default -> {} // of a newer release
      }
    }
  }

  private static String variable(Launching launching, String name, String option, String hint)
      throws ContainerException {
    String value = launching.request().environment().getOrDefault(name, "");
    if (value.isEmpty()) {
      throw new ContainerException(
          Kind.NOT_FOUND, option + ": you have no " + name + " in your environment", hint);
    }
    return value;
  }

  /** Shows a socket at a place of its own, and tells it by a variable. */
  private void socket(
      String option,
      Path host,
      String variable,
      String name,
      LaunchSpec.Builder launch,
      Launching launching)
      throws ContainerException {
    bind(option, host, PLACE + name, launch, launching);
    launch.environment(variable, PLACE + name);
  }

  private static void bind(
      String option, Path host, String guest, LaunchSpec.Builder launch, Launching launching)
      throws ContainerException {
    if (!Files.exists(host)) {
      throw new ContainerException(
          Kind.NOT_FOUND,
          option + ": there is no socket " + host,
          "the session that your environment tells of has ended, or is another machine's");
    }
    if (another(launching) && !forAll(host)) {
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
  private static boolean another(Launching launching) {
    String user = launching.container().user().split(":", 2)[0];
    return !Set.of("", "0", "root").contains(user) && !launching.identity().equals("single");
  }

  private static void network(String option, String what, Launching launching)
      throws ContainerException {
    if (launching.container().namespaces().getOrDefault("net", "host").equals("none")) {
      throw new ContainerException(
          Kind.USAGE,
          option + ": " + what + " is reached by the network, and the container has none",
          "leave out --network none");
    }
  }

  private void x11(LaunchSpec.Builder launch, Launching launching) throws ContainerException {
    String display = variable(launching, "DISPLAY", "--x11", "log in with ssh -X, or on a desktop");
    Matcher parts = DISPLAY.matcher(display);
    if (!parts.matches()) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "--x11: '" + display + "' (DISPLAY) is no display", "an example: :0");
    }
    if (Set.of("", "unix").contains(parts.group(1))) {
      String socket = "/tmp/.X11-unix/X" + parts.group(2);
      bind("--x11", root.resolve(socket.substring(1)), socket, launch, launching);
    } else {
      network("--x11", "display " + display, launching);
    }
    launch.environment("DISPLAY", display);
    cookies(parts.group(2), launch, launching);
  }

  private void cookies(String display, LaunchSpec.Builder launch, Launching launching)
      throws ContainerException {
    Map<String, String> environment = launching.request().environment();
    String set = environment.getOrDefault("XAUTHORITY", "");
    Path file =
        set.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", "/"), ".Xauthority")
            : launching.request().path(set);
    if (!Files.exists(file)) {
      return; // the server may let the user in, whoever asks
    }
    try {
      String host = Files.readString(root.resolve("proc/sys/kernel/hostname")).strip();
      Xauthority own = Xauthority.parse(Files.readAllBytes(file)).guest(display, host);
      if (own.entries().isEmpty()) {
        return;
      }
      String guest = PLACE + "Xauthority";
      if (another(launching)) {
        launch.file(guest, own.encoded()); // in the container alone, and of another user there
      } else {
        launch.secret(guest, own.encoded());
      }
      launch.environment("XAUTHORITY", guest);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.CORRUPT,
          "--x11: cannot read the cookies in " + file + ": " + e.getMessage(),
          "xauth list",
          e);
    }
  }

  private void wayland(LaunchSpec.Builder launch, Launching launching) throws ContainerException {
    String display = launching.request().environment().getOrDefault("WAYLAND_DISPLAY", "");
    String name = display.isEmpty() ? "wayland-0" : display;
    Path socket =
        name.startsWith("/")
            ? Path.of(name)
            : Path.of(
                variable(launching, "XDG_RUNTIME_DIR", "--wayland", "log in on a desktop"), name);
    // An absolute path is a name of a display too, so the guest needs no XDG_RUNTIME_DIR.
    socket("--wayland", socket, "WAYLAND_DISPLAY", "wayland", launch, launching);
  }

  private void dbus(LaunchSpec.Builder launch, Launching launching) throws ContainerException {
    String set = launching.request().environment().getOrDefault("DBUS_SESSION_BUS_ADDRESS", "");
    if (set.isEmpty()) {
      String hint = "log in on a desktop, or begin with dbus-run-session";
      Path bus = Path.of(variable(launching, "XDG_RUNTIME_DIR", "--dbus", hint)).resolve("bus");
      if (!Files.exists(bus)) {
        throw new ContainerException(
            Kind.NOT_FOUND,
            "--dbus: you have no DBUS_SESSION_BUS_ADDRESS in your environment, and no socket "
                + bus,
            hint);
      }
      bus(bus, launch, launching);
      return;
    }
    Optional<BusAddress> address = BusAddress.first(set);
    String path = address.map(a -> a.values().getOrDefault("path", "")).orElse("");
    if (address.isEmpty()) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "--dbus: '" + set + "' is no address of a bus", "unix:path=/run/bus");
    }
    if (address.get().transport().equals("unix") && path.startsWith("/")) {
      bus(Path.of(path), launch, launching);
    } else {
      network("--dbus", "the bus at " + set, launching); // an abstract socket belongs to it
      launch.environment("DBUS_SESSION_BUS_ADDRESS", set);
    }
  }

  /**
   * Most programs tell the bus their own user id, and it compares that with who they really are.
   */
  private static void sameUser(Path socket, Launching launching) {
    try {
      String owner = String.valueOf(Files.getAttribute(socket, "unix:uid"));
      if (!launching.container().user().split(":", 2)[0].equals(owner)) {
        launching.warn(
            "--dbus: the bus refuses programs that do not run as you: --userns keep-id --user "
                + owner);
      }
    } catch (IOException gone) {
      // the guest will be told
    }
  }

  private static void bus(Path socket, LaunchSpec.Builder launch, Launching launching)
      throws ContainerException {
    bind("--dbus", socket, PLACE + "bus", launch, launching);
    sameUser(socket, launching);
    launch.environment("DBUS_SESSION_BUS_ADDRESS", "unix:path=" + PLACE + "bus");
  }
}
