package org.lichen.shell.image;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.QuietRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lichen load}. */
@Command(
    name = "load",
    description = "Load images from an archive (docker or OCI) or an OCI layout.",
    footer = {
      "",
      "Example: lichen load -i app.tar",
      "         ssh host docker save app | lichen load"
    })
public final class LoadCommand extends PicoCommand {
  @Option(
      names = {"-i", "--input"},
      paramLabel = "FILE",
      description = "The archive or layout directory (default: standard input).")
  @Nullable String input;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress.")
  boolean quiet;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    Request request = quiet ? QuietRequest.of(call.request()) : call.request();
    List<NamedImage> images;
    if (input == null) {
      if (request.terminal().in()) {
        throw new ContainerException(
            Kind.USAGE, "load: standard input is a terminal", "lichen load -i FILE");
      }
      images = call.services().images().load(call.console().in(), ReadOptions.DEFAULT, request);
    } else {
      images = call.services().images().loadFile(request.path(input), ReadOptions.DEFAULT, request);
    }
    for (NamedImage image : images) {
      if (image.names().isEmpty()) {
        call.out().println("Loaded image: " + image.image().id());
      }
      for (ImageReference name : image.names()) {
        call.out().println("Loaded image: " + name);
      }
    }
    return Outcome.OK;
  }
}
