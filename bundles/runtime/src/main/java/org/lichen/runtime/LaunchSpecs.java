package org.lichen.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.LaunchSetting;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.PayloadRecords;
import org.lichen.runtime.setting.AddMap;

/**
 * Turns what the user asked for into what is launched, with the help of every contributor. Reads
 * files of the host and writes nothing.
 */
final class LaunchSpecs {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final List<LaunchContributor> contributors;
  private final List<Setting> types;
  private final Host host;
  private final String version;
  private final Path stub;

  LaunchSpecs(
      List<LaunchContributor> contributors,
      List<Setting> types,
      Host host,
      String version,
      Path stub) {
    this.types = types;
    this.stub = stub;
    this.contributors =
        contributors.stream().sorted(Comparator.comparingInt(LaunchContributor::order)).toList();
    this.host = host;
    this.version = version;
  }

  /** Without {@code starting} nobody is going to start it, and no contributor is asked. */
  LaunchSpec of(
      ContainerSpec container,
      Image image,
      String identity,
      String launcher,
      String strategy,
      Optional<Starting> starting)
      throws ContainerException {
    LaunchSpec.Builder launch =
        LaunchSpec.builder(container.command())
            .identity(identity)
            .directory(container.directory())
            .user(container.user())
            .hostname(container.hostname())
            .seccomp(container.seccomp())
            .init(container.init())
            .terminal(container.terminal())
            .other(PayloadRecords.LAUNCHER, launcher);
    environment(container).forEach(launch::environment);
    container.namespaces().forEach(launch::namespace);
    container.capabilities().forEach(launch::capability);
    container.mounts().forEach(launch::mount);
    HostCommands.of(container).show(stub, launch);
    container.limits().forEach(launch::limit);
    container.texts("requires").forEach(launch::require);
    if (container.others().containsKey("privileged")) {
      launch.other("privileged", "true");
    }
    network(container, launch);
    if (container.others().get("files") instanceof Map<?, ?> files) {
      files.forEach(
          (path, text) ->
              launch.file(
                  String.valueOf(path), String.valueOf(text).getBytes(StandardCharsets.UTF_8)));
    }
    launch.file("/run/.containerenv", about(container, image, identity, launcher, strategy));
    settings(Settings.of(container), launch);
    AddMap.mounts(Settings.of(container)).forEach(map -> launch.withoutFile(map.target().value()));
    for (LaunchContributor contributor : contributors) {
      if (starting.isPresent() && contributor.concerns(container)) {
        contributor.contribute(launch, starting.get().way(container, image, host, identity));
      }
    }
    return launch.build();
  }

  /** The variables that a container has without its settings. */
  static Map<String, String> environment(ContainerSpec container) {
    Map<String, String> all = new LinkedHashMap<>(Map.of("PATH", PATH, "container", "lichen"));
    all.putAll(named(container.environment()));
    return all;
  }

  /** {@code NAME=VALUE} by name, in order. */
  static Map<String, String> named(List<String> assignments) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String pair : assignments) {
      int equals = pair.indexOf('=');
      all.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return all;
  }

  /** What settings add. */
  void settings(Settings settings, LaunchSpec.Builder launch) {
    for (Setting type : types) {
      if (type instanceof LaunchSetting launched) {
        launched.contribute(settings, launch);
      }
    }
  }

  /** {@code ${hostname}} is filled in by the launcher, for the name may come from the id. */
  private static void network(ContainerSpec container, LaunchSpec.Builder launch) {
    StringBuilder hosts =
        new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    hosts.append("127.0.1.1\t${hostname}\n");
    container.texts("hosts").forEach(line -> hosts.append(line).append('\n'));
    hosts.append(hostEntries());
    launch
        .file("/etc/hosts", hosts.toString().getBytes(StandardCharsets.UTF_8))
        .file("/etc/hostname", "${hostname}\n".getBytes(StandardCharsets.UTF_8))
        .copy("/etc/resolv.conf", "/etc/resolv.conf");
  }

  /** What a site's own hosts file adds: on a cluster, the names of the nodes. */
  private static String hostEntries() {
    try {
      return Files.readString(Path.of("/etc/hosts"), StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> !line.matches("\\s*(#.*)?") && !line.matches(".*\\slocalhost(\\s.*)?"))
          .reduce("", (all, line) -> all + line + "\n");
    } catch (IOException none) {
      return "";
    }
  }

  /** As podman's /run/.containerenv: what a guest may know about what runs it. */
  private byte[] about(
      ContainerSpec container, Image image, String identity, String launcher, String strategy) {
    return ("engine=\"lichen-"
            + version
            + "\"\n"
            + "name=\""
            + container.name()
            + "\"\n"
            + "image=\""
            + container.imageName()
            + "\"\n"
            + "imageid=\""
            + image.id().hex()
            + "\"\n"
            + "rootless=1\n"
            + "launcher=\""
            + launcher
            + "\"\n"
            + "strategy=\""
            + strategy
            + "\"\n"
            + "identity=\""
            + identity
            + "\"\n"
            + "layers="
            + image.layers().size()
            + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
