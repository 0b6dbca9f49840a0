package org.lichen.image.docker.registry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.Request;

/**
 * What the configuration and the environment of a request say about registries.
 *
 * <pre>
 *   registries.insecure  [HOST[:PORT], …]         http, or TLS that is not verified, will do
 *   registries.mirrors   {HOST: [HOST[/PREFIX]]}   asked first, in that order
 *   registries.ca        {HOST: FILE}              authorities besides the system's
 *   registries.parallel  4                         layers at once
 * </pre>
 */
record Settings(Request request, boolean plainHttp) {
  boolean insecure(String host) {
    return request.configuration().list("registries.insecure").stream()
        .anyMatch(named -> named.equals(host) || named.equals(name(host)));
  }

  /** Whether it is this machine, where nobody listens in. */
  static boolean local(String host) {
    String name = name(host);
    return name.equals("localhost")
        || name.equals("[::1]")
        || name.matches("127(\\.[0-9]{1,3}){3}");
  }

  List<String> mirrors(String host) {
    return texts(request.configuration().section("registries.mirrors").get(host));
  }

  /** Files with authorities that the configuration names for a host. */
  List<Path> authorities(String host) {
    Map<String, Object> named = request.configuration().section("registries.ca");
    List<Path> files = new ArrayList<>();
    texts(named.get(host)).forEach(file -> files.add(request.path(file)));
    return files;
  }

  /** Directories that may hold authorities for a host, as podman and docker look for them. */
  List<Path> certificateDirectories(String host) {
    List<Path> roots = new ArrayList<>();
    configHome().ifPresent(home -> roots.add(home.resolve("containers/certs.d")));
    roots.add(Path.of("/etc/containers/certs.d"));
    roots.add(Path.of("/etc/docker/certs.d"));
    return roots.stream().map(root -> root.resolve(host)).toList();
  }

  Optional<Path> home() {
    return directory("HOME");
  }

  Optional<Path> configHome() {
    return directory("XDG_CONFIG_HOME").or(() -> home().map(home -> home.resolve(".config")));
  }

  /** A directory or file that a variable of the caller names. */
  Optional<Path> directory(String variable) {
    return Optional.ofNullable(request.environment().get(variable))
        .filter(value -> value.startsWith("/"))
        .map(Path::of);
  }

  private static List<String> texts(@Nullable Object value) {
    if (value instanceof List<?> many) {
      return many.stream().map(String::valueOf).toList();
    }
    return value == null ? List.of() : List.of(String.valueOf(value));
  }

  /** A host without its port. */
  static String name(String host) {
    return host.replaceFirst(":[0-9]+$", "");
  }
}
