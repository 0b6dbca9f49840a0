package org.lichen.shell.image;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PlatformConverter;
import org.lichen.shell.base.QuietRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen pull}. */
@Command(
    name = "pull",
    description = "Pull images from a registry, or read them from oci:, docker-archive:, …",
    footer = {"", "Example: lichen pull alpine:3.20"})
public final class PullCommand extends PicoCommand {
  @Option(
      names = {"-q", "--quiet"},
      description = "Print the image id only.")
  boolean quiet;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      converter = PlatformConverter.class,
      description = "The platform to select (default: this machine's).")
  @Nullable Platform platform;

  @Option(
      names = "--tls-verify",
      negatable = false,
      arity = "0..1",
      defaultValue = "true",
      fallbackValue = "true",
      description = "false allows plain HTTP and unverified TLS.")
  boolean verify;

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "What to pull.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    ReadOptions options = new ReadOptions(Optional.ofNullable(platform), !verify, Map.of());
    Request request = quiet ? QuietRequest.of(call.request()) : call.request();
    for (String name : names) {
      List<NamedImage> images =
          call.services().images().pull(call.services().images().reference(name), options, request);
      images.forEach(image -> call.out().println(image.image().id().hex()));
    }
    return Outcome.OK;
  }
}
