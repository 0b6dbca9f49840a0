package org.lichen.devices.driver;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.GuestPath;
import org.lichen.api.container.GuestTree;
import org.lichen.elf.ElfException;
import org.lichen.elf.ElfInfo;
import org.lichen.elf.ElfVersions;

/**
 * The glibc of a guest: {@code directory}, where its loader finds libraries without being told,
 * {@code version}, and {@code elsewhere}, where it would find some by its cache instead.
 */
public record GuestLibc(GuestPath directory, Glibc version, Map<String, GuestPath> elsewhere) {
  /** SLIBDIR of glibc, as distributions set it. */
  private static final List<String> DIRECTORIES =
      List.of(
          "/lib/x86_64-linux-gnu",
          "/lib/aarch64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/lib",
          "/usr/lib");

  private static final int EM_X86_64 = 62;
  private static final int EM_AARCH64 = 183;

  public GuestLibc {
    elsewhere = Map.copyOf(elsewhere);
  }

  /**
   * Empty if there is none for programs of this machine: the guest has another libc, or no one.
   * {@code names}: of the libraries that are asked about.
   */
  public static Optional<GuestLibc> find(GuestTree tree, Set<String> names) throws IOException {
    for (String directory : DIRECTORIES) {
      GuestPath path = new GuestPath(directory + "/libc.so.6");
      Optional<GuestPath> real = tree.resolve(path);
      Optional<byte[]> file = real.isEmpty() ? Optional.empty() : tree.read(real.get());
      if (file.isPresent() && ours(file.get())) {
        Optional<Glibc> version = Glibc.highest(ElfVersions.read(file.get()).defined());
        if (version.isPresent()) {
          GuestPath at = tree.resolve(new GuestPath(directory)).orElseThrow();
          return Optional.of(new GuestLibc(at, version.get(), elsewhere(tree, at, names)));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean ours(byte[] file) throws IOException {
    boolean arm = System.getProperty("os.arch", "").equals("aarch64");
    try {
      return ElfInfo.read(file).machine() == (arm ? EM_AARCH64 : EM_X86_64);
    } catch (ElfException other) {
      return false;
    }
  }

  private static Map<String, GuestPath> elsewhere(
      GuestTree tree, GuestPath directory, Set<String> names) throws IOException {
    Map<String, GuestPath> found = new LinkedHashMap<>();
    Optional<GuestPath> cache = tree.resolve(new GuestPath("/etc/ld.so.cache"));
    Optional<byte[]> file = cache.isEmpty() ? Optional.empty() : tree.read(cache.get());
    if (file.isEmpty()) {
      return found;
    }
    LinkerCache read;
    try {
      read = LinkerCache.read(file.get(), "/etc/ld.so.cache");
    } catch (IOException damaged) {
      return found; // the guest's loader does not use it either
    }
    for (LinkerCache.Library library : read.libraries()) {
      boolean asked = names.contains(library.name()) && library.path().startsWith("/");
      if (asked && library.fits() && library.plain()) {
        Optional<GuestPath> real = tree.resolve(new GuestPath(library.path()));
        if (real.isPresent() && !real.get().resolve("..").equals(directory)) {
          found.putIfAbsent(library.name(), real.get());
        }
      }
    }
    return found;
  }
}
