package org.lichen.runtime.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.image.Destination;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageFormat.Recognition;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Images;
import org.lichen.api.image.LaunchDefaults;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Chooses the format by transport and content, reads, and tags. */
@Component
public final class ImageReader implements Images {
  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<ImageFormat> formats = List.of();

  private final ImageStore store;
  private final Path embedded;
  private final Path temporary;

  @Activate
  public ImageReader(BundleContext framework, @Reference ImageStore store) {
    this.store = store;
    this.embedded = Path.of(framework.getProperty("lichen.distribution"), "share", "images");
    this.temporary = Path.of(framework.getProperty("lichen.home"), "tmp");
  }

  @Override
  public Set<String> transports() {
    return formats.stream()
        .flatMap(format -> format.transports().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public ImageReference reference(String typed) throws ContainerException {
    try {
      return ImageReference.parse(typed, transports());
    } catch (IllegalArgumentException e) {
      throw new ContainerException(
          Kind.USAGE,
          e.getMessage() == null ? typed : e.getMessage(),
          "an example: alpine:3.20, registry.example.org/team/app@sha256:…, oci:DIRECTORY");
    }
  }

  @Override
  public List<NamedImage> pull(ImageReference reference, ReadOptions options, Request request)
      throws ContainerException {
    ImageSource source =
        reference.transport().equals("docker")
            ? new RegistrySource(reference)
            : new FileSource(reference, existing(request.path(reference.name())));
    List<NamedImage> images = read(transportReader(reference), source, options, request);
    if (reference.transport().equals("docker")) {
      tag(images, List.of(reference));
    } else {
      for (NamedImage image : images) {
        tag(List.of(image), image.names());
      }
    }
    return images;
  }

  private static Path existing(Path file) throws ContainerException {
    if (!Files.exists(file)) {
      throw new ContainerException(Kind.NOT_FOUND, "no such file: " + file, "");
    }
    return file;
  }

  private ImageFormat transportReader(ImageReference reference) throws ContainerException {
    return formats.stream()
        .filter(format -> format.transports().contains(reference.transport()))
        .findFirst()
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.UNSUPPORTED,
                    "no installed format reads '" + reference.transport() + ":'",
                    "installed: " + String.join(", ", transports())));
  }

  @Override
  public List<NamedImage> load(InputStream stream, ReadOptions options, Request request)
      throws ContainerException {
    Path spool = spooled(stream);
    try {
      return loadFile(spool, options, request);
    } finally {
      try {
        Files.deleteIfExists(spool);
      } catch (IOException left) {
        // a file in tmp/ that the next prune removes
      }
    }
  }

  private Path spooled(InputStream stream) throws ContainerException {
    try {
      Files.createDirectories(temporary);
      Path spool = Files.createTempFile(temporary, "load-", ".archive");
      Files.copy(stream, spool, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      return spool;
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot keep the archive (" + temporary + "): " + e.getMessage(), "", e);
    }
  }

  @Override
  public List<NamedImage> loadFile(Path file, ReadOptions options, Request request)
      throws ContainerException {
    existing(file);
    ImageReference nameless =
        new ImageReference("archive", file.toString(), Optional.empty(), Optional.empty());
    ImageSource source = new FileSource(nameless, file);
    ImageFormat best = null;
    for (ImageFormat format : formats) {
      Recognition recognition = format.recognizes(source);
      if (recognition == Recognition.YES || (recognition == Recognition.MAYBE && best == null)) {
        best = format;
      }
      if (recognition == Recognition.YES) {
        break;
      }
    }
    if (best == null) {
      throw new ContainerException(
          Kind.UNSUPPORTED,
          "this is no image archive that an installed format knows (" + file + ")",
          "a root file system is imported with: lichen import FILE NAME");
    }
    List<NamedImage> images = read(best, source, options, request);
    for (NamedImage image : images) {
      tag(List.of(image), image.names());
    }
    return images;
  }

  private List<NamedImage> read(
      ImageFormat format, ImageSource source, ReadOptions options, Request request)
      throws ContainerException {
    try (ImageStore.Writer writer = store.writer()) {
      List<NamedImage> images = format.read(source, options, writer, request);
      if (images.isEmpty()) {
        throw new ContainerException(
            Kind.NOT_FOUND, "there is no image in " + source.reference(), "");
      }
      return images;
    }
  }

  private void tag(List<NamedImage> images, List<ImageReference> names) throws ContainerException {
    for (NamedImage image : images) {
      for (ImageReference name : names) {
        store.tag(name, image.image());
      }
    }
  }

  @Override
  public NamedImage resolve(String typed, PullPolicy policy, ReadOptions options, Request request)
      throws ContainerException {
    if (policy != PullPolicy.ALWAYS && policy != PullPolicy.NEWER) {
      Optional<NamedImage> found = present(typed, options, request);
      if (found.isPresent()) {
        return found.get();
      }
    }
    ImageReference reference = reference(typed);
    if (policy == PullPolicy.NEVER) {
      throw new ContainerException(
          Kind.NOT_FOUND, "no image " + reference.familiar(), "lichen pull " + typed);
    }
    NamedImage pulled = pull(reference, options, request).get(0);
    List<ImageReference> names =
        reference.transport().equals("docker") ? List.of(reference) : pulled.names();
    return new NamedImage(pulled.image(), names);
  }

  @Override
  public Optional<LaunchDefaults> meaning(Image image, Request request) {
    return formats.stream()
        .filter(ImageFormat.Running.class::isInstance)
        .flatMap(format -> ((ImageFormat.Running) format).defaults(image, request).stream())
        .findFirst();
  }

  @Override
  public void save(String transport, List<NamedImage> images, Destination to, Request request)
      throws ContainerException {
    List<ImageFormat> writing =
        formats.stream().filter(ImageFormat.Writing.class::isInstance).toList();
    for (ImageFormat format : writing) {
      if (format.transports().contains(transport)) {
        ((ImageFormat.Writing) format).write(images, store, to, request);
        return;
      }
    }
    throw new ContainerException(
        Kind.USAGE,
        "no installed format writes '" + transport + "'",
        "known: "
            + writing.stream()
                .flatMap(format -> format.transports().stream())
                .sorted()
                .collect(Collectors.joining(", ")));
  }

  /** What the user typed, if it names a regular file and not one of several images in it. */
  private Optional<ImageReference> file(String typed, Request request) throws ContainerException {
    int colon = typed.indexOf(':');
    if (colon < 0 || !transports().contains(typed.substring(0, colon))) {
      return Optional.empty();
    }
    ImageReference reference = reference(typed);
    return !reference.transport().equals("docker")
            && reference.tag().isEmpty()
            && Files.isRegularFile(request.path(reference.name()))
        ? Optional.of(reference)
        : Optional.empty();
  }

  /** The image that was read from a file, if the file is still as it was then. */
  private Optional<NamedImage> unchanged(
      ImageReference reference, ReadOptions options, Request request) throws ContainerException {
    Path file = request.path(reference.name());
    ImageReference name =
        new ImageReference(
            reference.transport(), file.toString(), Optional.empty(), Optional.empty());
    Optional<String> stamp = new FileSource(name, file).stamp();
    return store
        .find(name)
        .filter(
            image ->
                stamp.isPresent()
                    && stamp.get().equals(image.config().oci().get(ImageSource.STAMP))
                    && options.platform().map(p -> p.accepts(image.platform())).orElse(true))
        .map(image -> new NamedImage(image, List.of(name)));
  }

  private Optional<NamedImage> present(String typed, ReadOptions options, Request request)
      throws ContainerException {
    Optional<ImageReference> file = file(typed, request);
    if (file.isPresent()) {
      return unchanged(file.get(), options, request);
    }
    List<String> candidates = new ArrayList<>(List.of(typed));
    if (!typed.contains("/")) {
      candidates.add("localhost/" + typed);
    }
    for (String candidate : candidates) {
      Optional<NamedImage> found = stored(candidate, options.wanted());
      if (found.isPresent()) {
        return found;
      }
    }
    Path archive = embedded.resolve(typed + ".tar");
    if (!typed.matches("[a-z0-9-]+") || !Files.exists(archive)) {
      return Optional.empty();
    }
    Image image = loadFile(archive, options, request).get(0).image();
    ImageReference name = ImageReference.docker("localhost/" + typed);
    store.tag(name, image);
    return Optional.of(new NamedImage(image, List.of(name)));
  }

  private Optional<NamedImage> stored(String typed, Platform wanted) throws ContainerException {
    ImageReference name = null;
    Optional<Image> image = Optional.empty();
    try {
      name = ImageReference.parse(typed, transports());
      image = store.find(name);
    } catch (IllegalArgumentException notAName) {
      // then it is an id
    }
    if (image.isPresent() && wanted.accepts(image.get().platform()) && name != null) {
      return Optional.of(new NamedImage(image.get(), List.of(name)));
    }
    return typed.matches("(sha256:)?[0-9a-f]{4,64}")
        ? store.find(typed).map(found -> new NamedImage(found, List.of()))
        : Optional.empty();
  }
}
