package org.lichen.image.docker.local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.PlatformMissing;
import org.lichen.image.docker.transfer.ImageTransfer;
import org.lichen.image.docker.transfer.LayerImport;

/**
 * Reads the images of a file or a directory, whichever of the known forms it has. Of several images
 * those for the wanted platform are read; only if there is none it fails.
 */
public final class LocalImages {
  private final ImageStore.Writer into;
  private final Request request;
  private final Platform wanted;

  public LocalImages(ImageStore.Writer into, Request request, Platform wanted) {
    this.into = into;
    this.request = request;
    this.wanted = wanted;
  }

  public List<NamedImage> read(ImageSource source) throws ContainerException {
    ImageReference reference = source.reference();
    try (Tree tree = new Archives(request).open(source)) {
      if (OciLayout.is(tree)) {
        return read(new OciLayout(tree, reference).candidates(), reference);
      }
      if (SkopeoDirectory.is(tree)) {
        return read(List.of(SkopeoDirectory.candidate(tree, reference)), reference);
      }
      Optional<Json> manifest = DockerArchive.manifest(tree, reference);
      if (manifest.isPresent()) {
        return read(new DockerArchive(tree, reference).candidates(manifest.get()), reference);
      }
      if (LegacyArchive.is(tree)) {
        return new LegacyArchive(tree, reference, new LayerImport(into, request))
            .read(into, wanted);
      }
      throw new ContainerException(
          Kind.CORRUPT,
          "cannot read image (" + reference + "): it is no OCI layout and no docker save archive",
          "a root file system is imported with: lichen import FILE NAME");
    } catch (IOException failed) {
      throw new ContainerException(
          Kind.HOST, "cannot read image (" + reference + "): " + failed.getMessage(), "", failed);
    }
  }

  private List<NamedImage> read(List<Candidate> all, ImageReference source)
      throws ContainerException {
    ImageTransfer transfer = new ImageTransfer(into, request, wanted);
    Map<Image, Set<ImageReference>> images = new LinkedHashMap<>();
    List<PlatformMissing> foreign = new ArrayList<>();
    for (Candidate each : called(all, source)) {
      try {
        Image image = transfer.image(each.content(), each.document());
        images.computeIfAbsent(image, k -> new LinkedHashSet<>()).addAll(each.names());
      } catch (PlatformMissing other) {
        foreign.add(other);
        skipped(each, other);
      }
    }
    if (images.isEmpty()) {
      throw PlatformMissing.joined(wanted, source.toString(), foreign);
    }
    return images.entrySet().stream()
        .map(each -> new NamedImage(each.getKey(), List.copyOf(each.getValue())))
        .toList();
  }

  private static List<Candidate> called(List<Candidate> all, ImageReference source)
      throws ContainerException {
    if (source.tag().isEmpty()) {
      return all;
    }
    List<Candidate> called = all.stream().filter(c -> c.called(source.tag().get())).toList();
    if (called.isEmpty()) {
      String there =
          all.stream().flatMap(c -> c.labels().stream()).sorted().collect(Collectors.joining(", "));
      throw new ContainerException(
          Kind.NOT_FOUND,
          "no image named "
              + source.tag().get()
              + " ("
              + source
              + "): "
              + (there.isEmpty() ? "its images have no names" : "it has " + there),
          "");
    }
    return called;
  }

  private void skipped(Candidate candidate, PlatformMissing why) {
    try (Progress.Task task =
        request.progress().begin(String.join(", ", candidate.labels()), OptionalLong.of(0))) {
      task.note("skipped: " + why.getMessage());
    }
  }
}
