package org.lichen.plugins;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;

/** A directory of plugin jars. A jar is read only when it is new or was changed. */
final class JarFolder {
  private static final String UNFINISHED = ".new-";

  private final Path path;
  private Map<Path, Seen> seen = new HashMap<>();

  /** A jar as it was when it was read; without {@code plugin} it is none. */
  private record Seen(Object stamp, @Nullable PluginJar plugin) {}

  JarFolder(Path path) {
    this.path = path;
  }

  Path path() {
    return path;
  }

  /** Its plugins by name; the first file, in the order of file names, if two have one name. */
  synchronized Map<String, PluginJar> plugins() {
    Map<Path, Seen> now = new TreeMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(path, "*.jar")) {
      for (Path jar : all) {
        look(jar, now);
      }
    } catch (NoSuchFileException none) {
      return Map.of();
    } catch (IOException e) {
      System.err.println("lichen: cannot read plugins (" + path + "): " + e.getMessage());
    }
    seen = now;
    Map<String, PluginJar> plugins = new HashMap<>();
    for (Seen one : now.values()) {
      if (one.plugin() != null) {
        plugins.putIfAbsent(one.plugin().name(), one.plugin());
      }
    }
    return plugins;
  }

  private void look(Path jar, Map<Path, Seen> now) throws IOException {
    Object stamp;
    try {
      BasicFileAttributes is = Files.readAttributes(jar, BasicFileAttributes.class);
      stamp = is.fileKey() + " " + is.size() + " " + is.lastModifiedTime();
    } catch (NoSuchFileException gone) {
      return;
    }
    Seen known = seen.get(jar);
    if (known == null || !known.stamp().equals(stamp)) {
      known = new Seen(stamp, read(jar));
    }
    now.put(jar, known);
  }

  private static @Nullable PluginJar read(Path jar) {
    try {
      return PluginJar.read(jar);
    } catch (ContainerException e) {
      System.err.println("lichen: " + e.getMessage());
      return null;
    }
  }

  /** A copy in this folder that is no plugin yet; whoever asked for it removes it. */
  Path copyOf(Path jar) throws IOException {
    Files.createDirectories(path);
    Path beside = Files.createTempFile(path, UNFINISHED, ".tmp");
    try {
      Files.copy(jar, beside, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel written = FileChannel.open(beside, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      return beside;
    } catch (IOException e) {
      Files.deleteIfExists(beside);
      throw e;
    }
  }

  /** Makes such a copy a plugin of this folder; answers where it lies. */
  Path put(PluginJar copy) throws IOException {
    Path target = path.resolve(copy.name() + ".jar");
    Files.move(copy.file(), target, StandardCopyOption.ATOMIC_MOVE);
    return target;
  }
}
