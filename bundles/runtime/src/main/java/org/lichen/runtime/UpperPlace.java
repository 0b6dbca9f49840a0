package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.Configuration;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Support;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.posix.FileSystemStatus;

/**
 * Where what a container writes is kept: in its own directory, or, where that lies on NFS or the
 * like, in {@code DIRECTORY/ID} on a local disk, to which the shim makes the link {@code local} in
 * the container's directory. {@code demanded}: by an option, or because it is so already; what the
 * configuration says is only for containers that have an upper.
 */
record UpperPlace(Optional<Path> directory, boolean demanded) {
  private static final String KEY = "upper";
  private static final Path LINK = Path.of("local");

  /** What overlayfs refuses or cannot work on, by the number that statfs(2) gives. */
  private static final Map<Long, String> UNFIT =
      Map.of(
          FileSystemStatus.NFS,
          "NFS",
          FileSystemStatus.OVERLAY,
          "an overlay itself",
          0x65735546L,
          "FUSE",
          0xff534d42L,
          "CIFS",
          0xfe534d42L,
          "SMB",
          0x0bd00bd0L,
          "Lustre",
          0x47504653L,
          "GPFS",
          0x19830326L,
          "BeeGFS",
          0x5346414fL,
          "AFS",
          0x4d44L,
          "FAT");

  /** For a new container. */
  static UpperPlace wanted(ContainerSpec spec, Configuration configuration)
      throws ContainerException {
    UpperPlace place = recorded(spec);
    if (place.directory.isEmpty()) {
      place = new UpperPlace(configuration.text(KEY).map(Path::of), false);
    }
    if (place.directory.isPresent()) {
      check(place.directory.get());
    }
    return place;
  }

  /** Of a container that is there. */
  static UpperPlace recorded(ContainerSpec spec) {
    Optional<Path> upper =
        Optional.ofNullable(spec.others().get(KEY)).map(String::valueOf).map(Path::of);
    return new UpperPlace(upper, upper.isPresent());
  }

  ContainerSpec.Builder record(ContainerSpec.Builder spec) {
    directory.ifPresent(path -> spec.other(KEY, path.toString()));
    return spec;
  }

  /** Where a strategy puts it, relative to the container's directory. */
  Path writable() {
    return directory.isPresent() ? LINK : Path.of("");
  }

  /** Whether the plan keeps its upper as it was demanded. */
  Support support(RootfsPlan plan) {
    return demanded && plan.upper().isEmpty()
        ? Support.no(
            "it keeps all of a container in one tree, so nothing of it can be kept in "
                + directory.map(Path::toString).orElse(""),
            "leave --upper out")
        : Support.yes();
  }

  /** This place, if the plan has an upper to be put there. */
  UpperPlace usedBy(RootfsPlan plan) {
    return plan.upper().isPresent() ? this : new UpperPlace(Optional.empty(), false);
  }

  /** The tree outside of a container's directory that belongs to it. */
  static Optional<Path> treeOf(Path container) throws IOException {
    Path link = container.resolve(LINK);
    return Files.isSymbolicLink(link)
        ? Optional.of(Files.readSymbolicLink(link))
        : Optional.empty();
  }

  private static void check(Path directory) throws ContainerException {
    if (!directory.isAbsolute() || !Files.isDirectory(directory) || !Files.isWritable(directory)) {
      throw unusable(directory, "it is not a directory in which you may write", "");
    }
    try {
      String unfit = UNFIT.get(FileSystemStatus.of(directory).type());
      if (unfit != null) {
        throw unusable(
            directory, "its file system is " + unfit, "name a directory on a local disk");
      }
    } catch (IOException e) {
      throw unusable(directory, String.valueOf(e.getMessage()), "");
    }
  }

  private static ContainerException unusable(Path directory, String why, String hint) {
    return new ContainerException(
        Kind.USAGE,
        "what containers write cannot be kept in '" + directory + "' (--upper): " + why,
        hint);
  }
}
