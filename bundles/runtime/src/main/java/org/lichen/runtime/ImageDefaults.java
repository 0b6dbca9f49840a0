package org.lichen.runtime;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Digest;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.NamedImage;

/** What an image says about its containers (OCI image-spec, "Image Configuration", config). */
final class ImageDefaults {
  /** What podman leaves to a container that asks for nothing. */
  static final List<String> CAPABILITIES =
      List.of(
          "CHOWN",
          "DAC_OVERRIDE",
          "FOWNER",
          "FSETID",
          "KILL",
          "NET_BIND_SERVICE",
          "SETFCAP",
          "SETGID",
          "SETPCAP",
          "SETUID",
          "SYS_CHROOT");

  private ImageDefaults() {}

  static ContainerSpec.Builder of(
      NamedImage image, Optional<List<String>> entrypoint, List<String> arguments) {
    ImageConfig config = image.image().config();
    String name =
        image.names().stream()
            .findFirst()
            .map(ImageReference::toString)
            .orElse(image.image().id().toString());
    ContainerSpec.Builder spec =
        ContainerSpec.builder(name, image.image().manifest())
            .command(command(config, entrypoint, arguments))
            .directory(config.directory().isEmpty() ? "/" : config.directory())
            .user(config.user())
            .stopSignal(config.stopSignal().orElse("TERM"))
            .capabilities(new LinkedHashSet<>(CAPABILITIES));
    for (String pair : config.environment()) {
      spec.environment(pair.contains("=") ? pair : pair + "=");
    }
    config.labels().forEach(spec::label);
    for (String path : config.volumes()) {
      spec.mount(volume(path));
    }
    return spec;
  }

  /**
   * An anonymous volume: it lives in the container's directory and begins with the image's data.
   */
  static Mount volume(String path) {
    GuestPath target = GuestPath.ROOT.resolve(path);
    return new Mount(
        "volumes/"
            + Digest.of(target.value().getBytes(java.nio.charset.StandardCharsets.UTF_8)).brief(),
        target,
        "bind",
        Set.of("copy"));
  }

  private static List<String> command(
      ImageConfig config, Optional<List<String>> entrypoint, List<String> arguments) {
    List<String> argv = new ArrayList<>(entrypoint.orElseGet(config::entrypoint));
    if (!arguments.isEmpty()) {
      argv.addAll(arguments);
    } else if (entrypoint.isEmpty()) {
      argv.addAll(config.command()); // --entrypoint drops the image's command, as podman does
    }
    return argv;
  }
}
