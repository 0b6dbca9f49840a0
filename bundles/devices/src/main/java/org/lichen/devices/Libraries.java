package org.lichen.devices;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.GuestTree;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.lichen.devices.driver.Glibc;
import org.lichen.devices.driver.GuestLibc;
import org.lichen.elf.ElfException;
import org.lichen.elf.ElfInfo;
import org.lichen.elf.ElfVersions;

/**
 * Puts libraries of the host where the guest's loader finds them: beside the guest's libc, which is
 * where it looks without a variable and without its cache. To put a cache of ours over the guest's
 * was refused: its ldconfig could not write a new one any more, and so no package be installed.
 */
final class Libraries {
  private static final Set<String> OPTIONS = Set.of("ro", "nosuid", "nodev");

  /** Where nothing is known of the guest's libc. */
  private static final GuestPath APART = new GuestPath("/usr/local/lib/lichen-devices");

  private static final String VARIABLE = "LD_LIBRARY_PATH";
  private static final int NAMED = 3;

  private final LaunchSpec.Builder launch;
  private final Launching launching;
  private final boolean ignoreGlibc;

  Libraries(LaunchSpec.Builder launch, Launching launching, boolean ignoreGlibc) {
    this.launch = launch;
    this.launching = launching;
    this.ignoreGlibc = ignoreGlibc;
  }

  /** {@code libraries} by soname; {@code binds}: what is mounted already, by guest path. */
  void add(Map<String, Path> libraries, Map<String, Path> binds) throws ContainerException {
    try {
      Optional<GuestTree> tree = launching.files();
      Optional<GuestLibc> libc =
          tree.isEmpty() ? Optional.empty() : GuestLibc.find(tree.get(), libraries.keySet());
      if (tree.isEmpty()) {
        launching.warn(
            "the image is used as a file, so nobody can see whether its glibc is new enough for the"
                + " driver's libraries");
      } else {
        Set<Path> files = new LinkedHashSet<>(libraries.values());
        files.addAll(binds.values());
        fit(libc, files);
      }
      GuestPath directory = libc.map(GuestLibc::directory).orElse(APART);
      Set<String> taken = new LinkedHashSet<>();
      for (String bind : binds.keySet()) {
        taken.add(real(tree, bind));
      }
      libraries.forEach(
          (name, file) -> {
            mount(file, directory.resolve(name), taken);
            libc.map(each -> each.elsewhere().get(name))
                .ifPresent(place -> mount(file, place, taken));
          });
      if (libc.isEmpty()) {
        String before = launch.variable(VARIABLE);
        launch.environment(VARIABLE, (before.isEmpty() ? "" : before + ":") + directory);
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot read the libraries of host and image: " + e, "", e);
    }
  }

  private void mount(Path file, GuestPath target, Set<String> taken) {
    if (taken.add(target.value())) {
      launch.mount(new Mount(file.toString(), target, "bind", OPTIONS));
    }
  }

  /** The path without links in the directories above. */
  private static String real(Optional<GuestTree> tree, String path) throws IOException {
    GuestPath parent = new GuestPath(path).resolve("..");
    Optional<GuestPath> real = tree.isEmpty() ? Optional.empty() : tree.get().resolve(parent);
    return real.orElse(parent).resolve(path.substring(path.lastIndexOf('/') + 1)).value();
  }

  private void fit(Optional<GuestLibc> libc, Set<Path> files)
      throws ContainerException, IOException {
    String image = launching.container().imageName();
    if (libc.isEmpty()) {
      refuse(
          "the driver's libraries are for glibc, and image "
              + image
              + " has none (musl, as in Alpine, cannot load them)",
          "use an image with glibc, as Debian or Ubuntu");
      return;
    }
    List<String> unfit = new ArrayList<>();
    for (Path file : files) {
      Optional<Glibc> needed = needed(file);
      if (needed.isPresent() && needed.get().compareTo(libc.get().version()) > 0) {
        unfit.add(file + " needs GLIBC_" + needed.get());
      }
    }
    if (!unfit.isEmpty()) {
      int more = unfit.size() - NAMED;
      refuse(
          "image "
              + image
              + " has a glibc with symbols up to GLIBC_"
              + libc.get().version()
              + ", and the host's "
              + String.join(", ", unfit.subList(0, Math.min(unfit.size(), NAMED)))
              + (more > 0 ? ", and " + more + " more files need a newer one" : ""),
          "use an image with a newer glibc");
    }
  }

  private void refuse(String why, String hint) throws ContainerException {
    if (ignoreGlibc) {
      launching.warn(why);
    } else {
      throw new ContainerException(
          Kind.UNSUPPORTED, why, hint + "; --ignore-glibc goes on all the same");
    }
  }

  private static Optional<Glibc> needed(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      List<String> all = new ArrayList<>();
      ElfVersions.read(file).needed().values().forEach(all::addAll);
      return Glibc.highest(all);
    } catch (ElfException notElf) {
      return Optional.empty();
    }
  }

  /** By what name programs need a library; empty if it is none. */
  static Optional<String> soname(Path file) throws ContainerException {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      ElfInfo info = ElfInfo.read(file);
      return info.bits() == 64 ? info.soname() : Optional.empty();
    } catch (ElfException notElf) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ContainerException(Kind.HOST, "cannot read " + file + ": " + e, "", e);
    }
  }

  /** The libraries of a directory, by soname. */
  static Map<String, Path> within(Path directory) throws ContainerException {
    Map<String, Path> found = new LinkedHashMap<>();
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.so*")) {
      all.forEach(files::add);
    } catch (IOException e) {
      throw new ContainerException(Kind.HOST, "cannot read " + directory + ": " + e, "", e);
    }
    files.sort(null);
    for (Path file : files) {
      soname(file).ifPresent(name -> found.putIfAbsent(name, file));
    }
    return found;
  }
}
