package org.lichen.image.singularity.write;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.Destination;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.image.singularity.sif.Architecture;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.squashfs.Limits;
import org.lichen.image.singularity.squashfs.SquashEntries;
import org.lichen.image.singularity.squashfs.Squashfs;
import org.lichen.image.singularity.squashfs.write.Packing;
import org.lichen.image.singularity.squashfs.write.SquashWriter;

/** Writes an image as a SIF; the same image gives the same bytes. */
public final class ImageToSif {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private final ImageStore from;
  private final Request request;

  public ImageToSif(ImageStore from, Request request) {
    this.from = from;
    this.request = request;
  }

  public void write(List<NamedImage> images, Destination to) throws ContainerException {
    if (images.size() != 1) {
      throw new ContainerException(
          Kind.USAGE, "a SIF holds one image, and " + images.size() + " were named", "");
    }
    Image image = images.get(0).image();
    Architecture architecture =
        Architecture.ofGo(image.platform().architecture())
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.UNSUPPORTED, "a SIF cannot be for " + image.platform(), ""));
    Packing packing = packing(to.others().getOrDefault("compression", "gzip"));
    Optional<Mksquashfs> program =
        to.others().containsKey("mksquashfs")
            ? Optional.of(Mksquashfs.of(request))
            : Optional.empty();
    Path spool = spool(to);
    try {
      try (FileChannel out =
          FileChannel.open(
              spool,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE)) {
        Squash squash =
            (at, seconds, name) ->
                program.isPresent()
                    ? packed(image, name, out, at, packing, seconds, program.get(), spool)
                    : packed(image, name, out, at, packing, seconds);
        write(
            image,
            names(images.get(0)),
            architecture,
            identity(image, packing, program),
            squash,
            out);
        if (to.file().isEmpty()) {
          copy(out, to);
        } else {
          out.force(true);
        }
      }
      if (to.file().isPresent()) {
        executable(spool);
        Files.move(spool, to.file().get(), StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot write image (" + to.reference() + "): " + reason(e), "", e);
    } finally {
      remove(spool);
    }
  }

  private static String reason(IOException e) {
    return e instanceof NoSuchFileException ? "no such directory" : String.valueOf(e.getMessage());
  }

  /** Beside the file, so that it can take its place. */
  private static Path spool(Destination to) {
    String name = ".lichen-" + UUID.randomUUID() + ".sif";
    return to.file()
        .map(file -> file.toAbsolutePath().resolveSibling(name))
        .orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir"), name));
  }

  /** It can be executed, as what Apptainer writes, by whomever the caller's umask lets. */
  private void executable(Path file) throws IOException {
    Files.setAttribute(file, "unix:mode", 0777 & ~request.umask());
  }

  private static void remove(Path spool) {
    try {
      Files.deleteIfExists(spool);
    } catch (IOException left) {
      // a hidden file beside the one that was to be written
    }
  }

  private static Packing packing(String name) throws ContainerException {
    try {
      return Packing.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ContainerException(
          Kind.USAGE, "'" + name + "' is not a compression that is written", "gzip, zstd", e);
    }
  }

  private static String names(NamedImage image) {
    return image.names().stream()
        .findFirst()
        .map(ImageReference::toString)
        .orElse(image.image().id().toString());
  }

  /** Writes the root file system at a place of the SIF; answers its size. */
  private interface Squash {
    long at(long at, long seconds, String name) throws IOException, ContainerException;
  }

  private static UUID identity(Image image, Packing packing, Optional<Mksquashfs> program) {
    String all = image.manifest() + " " + packing + program.map(it -> " mksquashfs").orElse("");
    return UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8));
  }

  private void write(
      Image image,
      String name,
      Architecture architecture,
      UUID identity,
      Squash squash,
      FileChannel out)
      throws IOException, ContainerException {
    long seconds = Math.max(0, image.config().created().map(Instant::getEpochSecond).orElse(0L));
    SifWriter sif = new SifWriter(out, architecture, seconds);
    sif.add(DataType.DEFINITION, "definition", definition(image, name));
    Object config = image.config().oci().getOrDefault("config", Map.of());
    sif.add(DataType.JSON, "oci-config.json", MAPPER.writeValueAsBytes(config));
    sif.end(DataType.PARTITION, "rootfs.squashfs", squash.at(sif.begin(), seconds, name));
    sif.finish(identity);
  }

  private long packed(
      Image image, String name, FileChannel out, long at, Packing packing, long seconds)
      throws IOException, ContainerException {
    int threads = Math.min(8, Runtime.getRuntime().availableProcessors());
    try (Progress.Task task = request.progress().begin(name, OptionalLong.empty());
        SquashWriter squashfs = new SquashWriter(out, at, packing, seconds, threads)) {
      task.note("packing");
      Merged merged = new Merged();
      for (int i = 0; i < image.layers().size(); i++) {
        request.cancellation().check();
        try (EntryStream entries = from.entries(image.layers().get(i), request)) {
          merged.add(entries);
        }
      }
      for (int i = 0; i < image.layers().size(); i++) {
        try (EntryStream entries = from.entries(image.layers().get(i), request)) {
          merged.write(i, entries.watched(request, task), squashfs);
        }
      }
      new Additions(merged.root(), squashfs, seconds).add(image.config());
      long size = squashfs.finish(merged.root());
      task.note("done");
      return size;
    }
  }

  /** The same packed once more by a program, which is given ours as entries. */
  private long packed(
      Image image,
      String name,
      FileChannel out,
      long at,
      Packing packing,
      long seconds,
      Mksquashfs program,
      Path spool)
      throws IOException, ContainerException {
    Path ours = spool.resolveSibling(spool.getFileName() + ".ours");
    Path theirs = spool.resolveSibling(spool.getFileName() + ".theirs");
    try (FileChannel plain =
        FileChannel.open(
            ours,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      long size = packed(image, name, plain, 0, Packing.ZSTD, seconds);
      try (Progress.Task task = request.progress().begin(name, OptionalLong.empty());
          EntryStream entries =
              new SquashEntries(
                  new Squashfs(plain, 0, size), new Limits(Long.MAX_VALUE, Long.MAX_VALUE))) {
        task.note("mksquashfs");
        program.make(entries.watched(request, task), theirs, packing, seconds);
        task.note("done");
      }
      try (FileChannel made = FileChannel.open(theirs, StandardOpenOption.READ)) {
        out.position(at);
        for (long done = 0; done < made.size(); ) {
          done += made.transferTo(done, made.size() - done, out);
        }
        return made.size();
      }
    } finally {
      remove(ours);
      remove(theirs);
    }
  }

  /** What it was built from, if it was Singularity that built it; else where it is from. */
  private static byte[] definition(Image image, String name) {
    Object kept =
        image.config().oci().get("singularity") instanceof Map<?, ?> sections
            ? sections.get("deffile")
            : null;
    String text = kept == null ? "bootstrap: docker\nfrom: " + name + "\n" : kept.toString();
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void copy(FileChannel from, Destination to) throws IOException, ContainerException {
    long size = from.size();
    try (WritableByteChannel into = to.open()) {
      for (long done = 0; done < size; ) {
        request.cancellation().check();
        done += from.transferTo(done, Math.min(8 << 20, size - done), into);
      }
    }
  }
}
