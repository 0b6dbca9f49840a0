package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;

/** {@code -v}, {@code --mount} and {@code --tmpfs}, as podman reads them. */
final class MountOptions {
  private static final Set<String> PLAIN =
      Set.of("ro", "rw", "nosuid", "nodev", "noexec", "suid", "dev", "exec");

  /** Words of other tools that have no meaning where one user owns everything. */
  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "z",
          "Z",
          "U",
          "rslave",
          "slave",
          "rprivate",
          "private",
          "rbind",
          "O",
          "cached",
          "delegated",
          "consistent");

  private final Request request;
  private final String home;
  private final Set<String> requires;

  MountOptions(Request request, String home, Set<String> requires) {
    this.request = request;
    this.home = home;
    this.requires = requires;
  }

  void apply(SpecOptions options, ContainerSpec.Builder spec)
      throws ContainerException, IOException {
    for (String volume : options.volumes) {
      spec.mount(volume(volume));
    }
    for (String mount : options.mounts) {
      spec.mount(mount(mount));
    }
    for (String tmpfs : options.tmpfs) {
      int colon = tmpfs.indexOf(':');
      Set<String> words = new LinkedHashSet<>(List.of("nosuid", "nodev"));
      if (colon >= 0) {
        words.addAll(List.of(tmpfs.substring(colon + 1).split(",", -1)));
      }
      spec.mount(
          new Mount("", target(colon < 0 ? tmpfs : tmpfs.substring(0, colon)), "tmpfs", words));
    }
  }

  /** {@code HOST:GUEST[:OPTIONS]}, {@code NAME:GUEST[:OPTIONS]}, or {@code GUEST}. */
  private Mount volume(String typed) throws ContainerException, IOException {
    String[] parts = typed.split(":", -1);
    if (parts.length > 3) {
      throw SpecOptions.usage(
          "-v " + typed + ": too many ':'", "--mount type=bind,source=…,target=… takes such paths");
    }
    if (parts.length == 1) {
      return anonymous(parts[0]);
    }
    Set<String> words = words(parts.length == 3 ? List.of(parts[2].split(",", -1)) : List.of());
    return parts[0].startsWith("/") || parts[0].startsWith(".")
        ? bind(parts[0], parts[1], words)
        : named(parts[0], parts[1], words);
  }

  private Mount anonymous(String guest) throws ContainerException {
    GuestPath target = target(guest);
    String id =
        org.lichen.api.Digest.of(target.value().getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .brief();
    return new Mount("volumes/" + id, target, "bind", Set.of("copy"));
  }

  private Mount bind(String host, String guest, Set<String> words) throws ContainerException {
    Path source = request.path(host);
    if (!Files.exists(source)) {
      throw new ContainerException(
          Kind.NOT_FOUND, "no such file or directory on the host: " + source, "mkdir it first");
    }
    return new Mount(source.toString(), target(guest), "bind", words);
  }

  private Mount named(String name, String guest, Set<String> words) throws ContainerException {
    if (!name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]*")) {
      throw SpecOptions.usage(
          "'" + name + "' is neither a path nor the name of a volume", "begin a path with / or .");
    }
    Set<String> all = new LinkedHashSet<>(words);
    all.add("copy");
    return new Mount(Path.of(home, "volumes", name, "data").toString(), target(guest), "bind", all);
  }

  private Mount mount(String typed) throws ContainerException {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field : typed.split(",", -1)) {
      int equals = field.indexOf('=');
      fields.put(
          equals < 0 ? field : field.substring(0, equals),
          equals < 0 ? "true" : field.substring(equals + 1));
    }
    String source = fields.getOrDefault("source", fields.getOrDefault("src", ""));
    String target =
        fields.getOrDefault(
            "target", fields.getOrDefault("destination", fields.getOrDefault("dst", "")));
    if (target.isEmpty()) {
      throw SpecOptions.usage("--mount " + typed + ": no target", "type=bind,source=/a,target=/b");
    }
    Set<String> words = new LinkedHashSet<>();
    if (Set.of("true", "1")
        .contains(fields.getOrDefault("ro", fields.getOrDefault("readonly", "false")))) {
      words.add("ro");
      requires.add("read-only-mount");
    }
    String type = fields.getOrDefault("type", "volume");
    return switch (type) {
      case "bind" -> bind(source, target, words);
      case "tmpfs" -> {
        fields.computeIfPresent("tmpfs-size", (k, v) -> add(words, "size=" + v));
        fields.computeIfPresent("tmpfs-mode", (k, v) -> add(words, "mode=" + v));
        words.addAll(List.of("nosuid", "nodev"));
        yield new Mount("", target(target), "tmpfs", words);
      }
      case "volume" -> source.isEmpty() ? anonymous(target) : named(source, target, words);
      default ->
          throw SpecOptions.usage(
              "--mount type=" + type + ": not supported", "bind, volume, tmpfs");
    };
  }

  private static String add(Set<String> words, String word) {
    words.add(word);
    return word;
  }

  private Set<String> words(List<String> typed) throws ContainerException {
    Set<String> words = new LinkedHashSet<>();
    for (String word : typed) {
      if (word.equals("ro")) {
        requires.add("read-only-mount");
      }
      if (PLAIN.contains(word)) {
        words.add(word);
      } else if (!WITHOUT_MEANING.contains(word)) {
        throw SpecOptions.usage("'" + word + "' is not an option of a volume", "ro, rw, noexec …");
      }
    }
    return words;
  }

  private static GuestPath target(String guest) throws ContainerException {
    if (!guest.startsWith("/")) {
      throw SpecOptions.usage("'" + guest + "' is not an absolute path of the container", "");
    }
    return new GuestPath(guest);
  }
}
