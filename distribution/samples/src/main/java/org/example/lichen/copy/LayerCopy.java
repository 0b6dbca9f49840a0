package org.example.lichen.copy;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Comparator;
import java.util.stream.Stream;
import org.lichen.api.image.LayerPath;

/** Copies one layer over what is there already (docs/FORMATS.md, 7). */
final class LayerCopy extends SimpleFileVisitor<Path> {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  private final Path from;
  private final Path to;
  private final boolean overlay;

  private LayerCopy(LayerPath layer, Path to) {
    this.from = layer.directory();
    this.to = to;
    this.overlay = layer.whiteouts().equals("overlay");
  }

  static void of(LayerPath layer, Path to) throws IOException {
    Files.walkFileTree(layer.directory(), new LayerCopy(layer, to));
  }

  private Path target(Path file) {
    return to.resolve(from.relativize(file).toString());
  }

  @Override
  public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
      throws IOException {
    Path target = target(directory);
    if (opaque(directory) || !Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      remove(target);
    }
    Files.createDirectories(target);
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
    String name = file.getFileName().toString();
    Path target = target(file);
    if (overlay && attributes.isOther() && device(file) == 0) {
      remove(target);
      return FileVisitResult.CONTINUE;
    }
    if (!overlay && name.startsWith(WHITEOUT)) {
      String hidden = name.substring(WHITEOUT.length());
      boolean own = Files.exists(file.resolveSibling(hidden), LinkOption.NOFOLLOW_LINKS);
      if (!name.equals(OPAQUE) && !own) { // a whiteout hides nothing of its own layer
        remove(target.resolveSibling(hidden));
      }
      return FileVisitResult.CONTINUE;
    }
    remove(target);
    Files.copy(file, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
    return FileVisitResult.CONTINUE;
  }

  private boolean opaque(Path directory) throws IOException {
    if (!overlay) {
      return Files.exists(directory.resolve(OPAQUE), LinkOption.NOFOLLOW_LINKS);
    }
    UserDefinedFileAttributeView attributes =
        Files.getFileAttributeView(directory, UserDefinedFileAttributeView.class);
    return attributes.list().contains("overlay.opaque");
  }

  /** The number of a device; a fifo or a socket has none, and no whiteout is one. */
  private static long device(Path file) throws IOException {
    int type = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 0170000;
    return type == 0020000
        ? ((Number) Files.getAttribute(file, "unix:rdev", LinkOption.NOFOLLOW_LINKS)).longValue()
        : -1;
  }

  private static void remove(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(one);
      }
    }
  }
}
