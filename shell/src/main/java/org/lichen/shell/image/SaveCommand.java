package org.lichen.shell.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.Destination;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.Images.PullPolicy;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.QuietRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen save}. */
@Command(
    name = "save",
    description = "Write an image into a file that other tools read.",
    footer = {"", "Example: lichen save --format sif alpine:3.20 alpine.sif"})
public final class SaveCommand extends PicoCommand {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description = "sif: for Singularity and Apptainer.")
  String format;

  @Option(
      names = "--compression",
      paramLabel = "gzip|zstd",
      description = "How the root file system is compressed (default: gzip, which all read).")
  @Nullable String compression;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Instead of the second operand.")
  @Nullable String output;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress.")
  boolean quiet;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "Name or id of an image.")
  String image;

  @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "Where to.")
  @Nullable String file;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    Request request = quiet ? QuietRequest.of(call.request()) : call.request();
    String named = output == null ? file : output;
    if (named == null && request.terminal().out()) {
      throw new ContainerException(
          Kind.USAGE,
          "save: standard output is a terminal",
          "lichen save --format " + format + " IMAGE FILE");
    }
    Map<String, String> others = new LinkedHashMap<>();
    if (compression != null) {
      others.put("compression", compression);
    }
    NamedImage found =
        call.services().images().resolve(image, PullPolicy.MISSING, ReadOptions.DEFAULT, request);
    Optional<Path> path = Optional.ofNullable(named).map(request::path);
    ImageReference reference =
        new ImageReference(
            format,
            path.map(Path::toString).orElse("standard output"),
            Optional.empty(),
            Optional.empty());
    call.services()
        .images()
        .save(
            format,
            List.of(found),
            path.isPresent()
                ? new ToFile(reference, path.get(), others)
                : new ToStream(reference, call.out(), others),
            request);
    return Outcome.OK;
  }

  private record ToStream(ImageReference reference, OutputStream out, Map<String, String> others)
      implements Destination {
    @Override
    public Optional<Path> file() {
      return Optional.empty();
    }

    @Override
    public WritableByteChannel open() {
      return Channels.newChannel(out);
    }
  }

  private record ToFile(ImageReference reference, Path path, Map<String, String> others)
      implements Destination {
    @Override
    public Optional<Path> file() {
      return Optional.of(path);
    }

    @Override
    public WritableByteChannel open() throws IOException {
      return FileChannel.open(
          path,
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING);
    }
  }
}
