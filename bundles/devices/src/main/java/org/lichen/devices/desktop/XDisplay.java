package org.lichen.devices.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/** An X display with its cookie. */
final class XDisplay {
  /** Of X(7): host, number of the display, perhaps the screen. */
  private static final Pattern DISPLAY = Pattern.compile("(.*):([0-9]{1,5})(?:\\.[0-9]+)?");

  private final Path root;

  XDisplay(Path root) {
    this.root = root;
  }

  void show(Session session) throws ContainerException {
    String display = session.variable("DISPLAY", "--x11", "log in with ssh -X, or on a desktop");
    Matcher parts = DISPLAY.matcher(display);
    if (!parts.matches()) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "--x11: '" + display + "' (DISPLAY) is no display", "an example: :0");
    }
    if (Set.of("", "unix").contains(parts.group(1))) {
      String socket = "/tmp/.X11-unix/X" + parts.group(2);
      session.bind("--x11", root.resolve(socket.substring(1)), socket);
    } else {
      session.network("--x11", "display " + display);
    }
    session.launch().environment("DISPLAY", display);
    cookies(parts.group(2), session);
  }

  private void cookies(String display, Session session) throws ContainerException {
    Map<String, String> environment = session.launching().request().environment();
    String set = environment.getOrDefault("XAUTHORITY", "");
    Path file =
        set.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", "/"), ".Xauthority")
            : session.launching().request().path(set);
    if (!Files.exists(file)) {
      return; // the server may let the user in, whoever asks
    }
    try {
      String host = Files.readString(root.resolve("proc/sys/kernel/hostname")).strip();
      Xauthority own = Xauthority.parse(Files.readAllBytes(file)).guest(display, host);
      if (own.entries().isEmpty()) {
        return;
      }
      String guest = Session.PLACE + "Xauthority";
      if (session.another()) {
        session
            .launch()
            .file(guest, own.encoded()); // in the container alone, and of another user there
      } else {
        session.launch().secret(guest, own.encoded());
      }
      session.launch().environment("XAUTHORITY", guest);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.CORRUPT,
          "--x11: cannot read the cookies in " + file + ": " + e.getMessage(),
          "xauth list",
          e);
    }
  }
}
