package org.lichen.runtime.setting;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Request;

/** What is typed. */
final class Checks {
  private Checks() {}

  /** A path of the container. */
  static String guest(String type, String typed) throws ContainerException {
    if (!typed.startsWith("/")) {
      throw usage(type + ": '" + typed + "' is no absolute path of the container", "");
    }
    return new GuestPath(typed).value();
  }

  /** A file or directory of the host, which is there. */
  static String host(String type, String typed, Request request) throws ContainerException {
    if (typed.isEmpty()) {
      throw usage(type + ": which path of the host?", "");
    }
    Path path = request.path(typed).normalize();
    if (!Files.exists(path)) {
      throw new ContainerException(
          Kind.NOT_FOUND, type + ": " + path + " does not exist on the host", "");
    }
    return path.toString();
  }

  /** The one value of a setting that has one; empty if there is none. */
  static List<String> one(String type, List<String> values) throws ContainerException {
    if (values.size() > 1) {
      throw usage(type + ": " + values.size() + " values, and a name has one", "quote it");
    }
    return values;
  }

  static ContainerException usage(String message, String hint) {
    return new ContainerException(Kind.USAGE, message, hint);
  }
}
