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
import org.lichen.api.container.Container;
import org.lichen.api.image.Destination;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
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
    description = "Write an image, or a container as it is now, into a file that other tools read.",
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
      names = "--mksquashfs",
      description = "Have the root file system packed by mksquashfs (4.5 or newer).")
  boolean mksquashfs;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Instead of the second operand.")
  @Nullable String output;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress.")
  boolean quiet;

  @Parameters(
      index = "0",
      paramLabel = "IMAGE|CONTAINER",
      description = "Name or id; an image that is here goes before a container.")
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
    if (mksquashfs) {
      others.put("mksquashfs", "");
    }
    Optional<Path> path = Optional.ofNullable(named).map(request::path);
    ImageReference reference =
        new ImageReference(
            format,
            path.map(Path::toString).orElse("standard output"),
            Optional.empty(),
            Optional.empty());
    Destination to =
        path.isPresent()
            ? new ToFile(reference, path.get(), others)
            : new ToStream(reference, call.out(), others);
    Optional<Container> container =
        image.contains(":") || call.services().store().find(image).isPresent()
            ? Optional.empty()
            : call.services().runtime().find(image);
    if (container.isPresent()) {
      save(container.get(), to, call, request);
    } else {
      NamedImage found =
          call.services().images().resolve(image, PullPolicy.MISSING, ReadOptions.DEFAULT, request);
      call.services().images().save(format, List.of(found), to, request);
    }
    return Outcome.OK;
  }

  /** By way of an image, which is in the store as long as that takes. */
  private void save(Container container, Destination to, Call call, Request request)
      throws ContainerException {
    ImageStore store = call.services().store();
    Optional<Image> made = Optional.empty();
    try (ImageStore.Writer writer = store.writer()) {
      Image image = call.services().runtime().snapshot(container.id(), writer, request);
      made = Optional.of(image).filter(it -> !it.manifest().equals(container.spec().image()));
      call.services().images().save(format, List.of(new NamedImage(image, List.of())), to, request);
    } finally {
      if (made.isPresent()) { // when nothing is held any more
        store.remove(made.get().manifest().toString(), true);
      }
    }
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
