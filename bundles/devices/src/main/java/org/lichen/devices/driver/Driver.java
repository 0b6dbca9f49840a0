package org.lichen.devices.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.devices.cdi.Edits;

/**
 * The driver of a vendor as it is installed: {@code edits} for its nodes, programs and files;
 * {@code libraries} by the names that programs need them by. Immutable.
 */
public record Driver(Edits edits, Map<String, Path> libraries) {
  private static final List<String> PROGRAMS =
      List.of("/usr/bin", "/usr/local/bin", "/bin", "/opt/rocm/bin", "/usr/lib/wsl/lib");
  private static final List<String> READ_ONLY = List.of("ro", "nosuid", "nodev");

  public Driver {
    libraries = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(libraries));
  }

  /**
   * Looks for it below {@code root}; empty if the machine has none.
   *
   * @throws ContainerException NOT_FOUND if a GPU that is wanted is not there
   */
  public static Optional<Driver> find(Vendor vendor, Path root, Gpus wanted)
      throws ContainerException {
    Path dev = root.resolve("dev");
    if (vendor.marks().stream().noneMatch(mark -> Files.exists(dev.resolve(mark)))) {
      return Optional.empty();
    }
    try {
      List<Edits.Node> nodes = new ArrayList<>();
      if (vendor.equals(Vendor.NVIDIA)) {
        nodes.addAll(Cards.nodes(root, wanted));
      }
      for (String name : vendor.nodes()) {
        if (Files.exists(dev.resolve(name))) {
          nodes.add(new Edits.Node("/dev/" + name, real(dev.resolve(name))));
        }
      }
      List<Edits.Bind> mounts = new ArrayList<>();
      for (String file : vendor.files()) {
        Path there = root.resolve(file.substring(1));
        if (Files.exists(there)) {
          mounts.add(new Edits.Bind(real(there), file, "bind", READ_ONLY));
        }
      }
      for (String program : vendor.programs()) {
        program(root, program)
            .ifPresent(
                path ->
                    mounts.add(
                        new Edits.Bind(path.toString(), "/usr/bin/" + program, "bind", READ_ONLY)));
      }
      Edits edits = new Edits(List.of(), nodes, mounts, List.of(), List.of());
      return Optional.of(new Driver(edits, libraries(vendor, root)));
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST,
          "cannot look for the driver of " + vendor.label() + " in " + root + ": " + e.getMessage(),
          "",
          e);
    }
  }

  private static Optional<Path> program(Path root, String name) throws IOException {
    for (String directory : PROGRAMS) {
      Path there = root.resolve(directory.substring(1)).resolve(name);
      if (Files.isExecutable(there)) {
        return Optional.of(there.toRealPath());
      }
    }
    return Optional.empty();
  }

  /** The first of each name that any processor can load, as the loader would take it. */
  private static Map<String, Path> libraries(Vendor vendor, Path root) throws IOException {
    Map<String, Path> found = new LinkedHashMap<>();
    Path cache = root.resolve("etc/ld.so.cache");
    if (!Files.exists(cache)) {
      return found;
    }
    for (LinkerCache.Library library : LinkerCache.read(cache).libraries()) {
      Path there = root.resolve(library.path().replaceFirst("^/+", ""));
      if (vendor.library(library.name())
          && library.fits()
          && library.plain()
          && !found.containsKey(library.name())
          && Files.isRegularFile(there)) {
        found.put(library.name(), there.toRealPath());
      }
    }
    return found;
  }

  private static String real(Path path) throws IOException {
    return path.toRealPath().toString();
  }

  /** What a directory has that matches; nothing if it is none. */
  static List<Path> matching(Path directory, String glob) throws IOException {
    List<Path> all = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, glob)) {
        found.forEach(all::add);
      }
    }
    all.sort(null);
    return all;
  }
}
