package org.lichen.shell.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.Images;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.QuietRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen import}. */
@Command(
    name = "import",
    description = "Make an image of a root file system in a tar.",
    footer = {"", "Example: lichen import -c CMD=/bin/sh rootfs.tar.xz localhost/mine:1"})
public final class ImportCommand extends PicoCommand {
  @Option(
      names = {"-c", "--change"},
      paramLabel = "KEY=VALUE",
      description = "Set CMD, ENTRYPOINT, ENV, USER, WORKDIR, LABEL or STOPSIGNAL of the image.")
  List<String> changes = new ArrayList<>();

  @Option(
      names = {"-m", "--message"},
      paramLabel = "TEXT",
      defaultValue = "",
      description = "A remark for the image's history.")
  String message;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress.")
  boolean quiet;

  @Parameters(index = "0", paramLabel = "FILE", description = "The tar; - is standard input.")
  String file;

  @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "Name of the image.")
  String name;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    Request request = quiet ? QuietRequest.of(call.request()) : call.request();
    Map<String, String> others = new LinkedHashMap<>();
    for (int i = 0; i < changes.size(); i++) {
      others.put("change." + i, changes.get(i));
    }
    if (!message.isEmpty()) {
      others.put("message", message);
    }
    Images images = call.services().images();
    ImageReference target = name == null ? null : images.reference(name);
    Path spool = null;
    try {
      if (file.equals("-")) {
        if (request.terminal().in()) {
          throw new ContainerException(
              Kind.USAGE, "import: standard input is a terminal", "lichen import FILE NAME");
        }
        Path temporary = Files.createDirectories(Path.of(call.services().home(), "tmp"));
        spool = Files.createTempFile(temporary, "import-", ".tar");
        Files.copy(call.console().in(), spool, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
      Path source = spool == null ? request.path(file) : spool;
      ImageReference reference =
          new ImageReference("tar", source.toString(), Optional.empty(), Optional.empty());
      NamedImage image =
          images.pull(reference, new ReadOptions(Optional.empty(), false, others), request).get(0);
      if (target != null) {
        call.services().store().tag(target, image.image());
      }
      call.out().println(image.image().id());
      return Outcome.OK;
    } finally {
      if (spool != null) {
        Files.deleteIfExists(spool);
      }
    }
  }
}
