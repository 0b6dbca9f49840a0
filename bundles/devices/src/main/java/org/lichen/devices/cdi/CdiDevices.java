package org.lichen.devices.cdi;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;

/**
 * The devices that files in some directories tell of. A device of a later directory takes the place
 * of one of the same name; within one directory two of a name are none. A file that cannot be read
 * makes only its own devices unknown.
 */
public final class CdiDevices {
  private static final String DIRECTORIES = "cdi.spec-dirs";

  private final List<Path> directories;
  private final Map<String, List<CdiFile>> found = new TreeMap<>();
  private final List<ContainerException> failures = new ArrayList<>();

  private CdiDevices(List<Path> directories) {
    this.directories = directories;
  }

  /**
   * Those that a caller can use: of {@code cdi.spec-dirs} of the configuration, or, where it is not
   * set, {@code /etc/cdi}, {@code /var/run/cdi} and {@code $XDG_CONFIG_HOME/lichen/cdi}.
   */
  public static CdiDevices of(Request request) {
    List<String> set = request.configuration().list(DIRECTORIES);
    if (!set.isEmpty()) {
      return read(set.stream().map(request::path).toList());
    }
    String base = request.environment().getOrDefault("XDG_CONFIG_HOME", "");
    Path own =
        base.startsWith("/")
            ? Path.of(base)
            : Path.of(request.environment().getOrDefault("HOME", "/"), ".config");
    return read(List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi"), own.resolve("lichen/cdi")));
  }

  /** Those of these directories, the least first. */
  static CdiDevices read(List<Path> directories) {
    CdiDevices devices = new CdiDevices(List.copyOf(directories));
    directories.forEach(devices::add);
    return devices;
  }

  private void add(Path directory) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.{json,yaml}")) {
      all.forEach(files::add);
    } catch (NoSuchFileException | NotDirectoryException none) {
      return;
    } catch (IOException e) {
      failures.add(
          new ContainerException(
              Kind.HOST, "cannot read the directory " + directory + ": " + e.getMessage(), "", e));
    }
    files.sort(null);
    Map<String, List<CdiFile>> here = new LinkedHashMap<>();
    for (Path path : files) {
      try {
        CdiFile file = CdiReader.read(path);
        for (String device : file.devices().keySet()) {
          String name = new CdiName(file.kind(), device).toString();
          here.computeIfAbsent(name, n -> new ArrayList<>()).add(file);
        }
      } catch (ContainerException e) {
        failures.add(e);
      }
    }
    found.putAll(here);
  }

  /** What could not be read. */
  public List<ContainerException> failures() {
    return List.copyOf(failures);
  }

  /** Names of devices, and the file that each is of; of several files, none can be used. */
  public Map<String, List<Path>> all() {
    Map<String, List<Path>> all = new LinkedHashMap<>();
    found.forEach((name, files) -> all.put(name, files.stream().map(CdiFile::path).toList()));
    return all;
  }

  /** The devices of a kind, by their names within it. */
  public Set<String> of(String kind) {
    return found.keySet().stream()
        .filter(name -> name.startsWith(kind + "="))
        .map(name -> name.substring(kind.length() + 1))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** What these devices need, together. */
  public Edits edits(List<CdiName> names) throws ContainerException {
    Edits all = Edits.NONE;
    Set<CdiFile> files = new LinkedHashSet<>();
    for (CdiName name : names) {
      CdiFile file = file(name);
      // What a file says of all its devices comes first, and once.
      all = (files.add(file) ? all.with(file.all()) : all);
      all = all.with(file.devices().getOrDefault(name.device(), Edits.NONE));
    }
    return all;
  }

  private CdiFile file(CdiName name) throws ContainerException {
    List<CdiFile> files = found.getOrDefault(name.toString(), List.of());
    if (files.isEmpty()) {
      throw unknown(name);
    }
    if (files.size() > 1) {
      throw new ContainerException(
          Kind.CONFLICT,
          "CDI device "
              + name
              + " is told of twice: "
              + files.stream()
                  .map(file -> file.path().toString())
                  .collect(Collectors.joining(", ")),
          "remove one of the files");
    }
    return files.get(0);
  }

  private ContainerException unknown(CdiName name) {
    if (!failures.isEmpty()) {
      ContainerException first = failures.get(0);
      return new ContainerException(
          first.kind(), "no CDI device " + name + "; " + first.getMessage(), first.hint(), first);
    }
    String places = directories.stream().map(Path::toString).collect(Collectors.joining(", "));
    return new ContainerException(
        Kind.NOT_FOUND,
        "no CDI device " + name + " in " + places,
        found.isEmpty()
            ? "have a file made that tells of it, or name its directory: cdi.spec-dirs in the"
                + " configuration"
            : "there are: " + String.join(", ", found.keySet()));
  }
}
