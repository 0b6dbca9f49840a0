package org.lichen.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.posix.FileLock;

/**
 * What a launcher will join, with a lock that keeps the container stopped: the container's own tree
 * first, then what is below it.
 */
final class UnionFiles implements GuestFiles {
  private final Path directory;
  private final RootfsPlan plan;
  private final UnionTrees union;
  private final FileLock lock;

  private UnionFiles(Path directory, RootfsPlan plan, FileLock lock) {
    this.directory = directory;
    this.plan = plan;
    this.lock = lock;
    this.union = UnionTrees.of(directory, plan);
  }

  static UnionFiles open(Path directory, String label, RootfsPlan plan) throws ContainerException {
    if (plan.lowers().stream().anyMatch(lower -> !lower.kind().equals(Lower.DIRECTORY))) {
      throw new ContainerException(
          Kind.UNSUPPORTED,
          "the files of container " + label + " lie in a file that is mounted as it is",
          "create it with --strategy extract");
    }
    try {
      FileLock lock =
          FileLock.tryAcquire(directory.resolve("lock"), FileLock.Mode.EXCLUSIVE)
              .orElseThrow(
                  () ->
                      new ContainerException(
                          Kind.CONFLICT, "container " + label + " is in use", "try again"));
      UnionFiles files = new UnionFiles(directory, plan, lock);
      try {
        if (!files.ready()) {
          throw new ContainerException(
              Kind.CONFLICT,
              "container " + label + " has no files of its own yet",
              "start it once: lichen start " + label);
        }
        return files;
      } catch (IOException | ContainerException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot look into container " + label + ": " + e.getMessage(), "", e);
    }
  }

  private UnionTrees.Tree own() {
    return union.trees().get(0);
  }

  /** Makes the upper as a launcher would; what needs more than its root is left to that. */
  private boolean ready() throws IOException {
    Path top = own().root();
    if (plan.upper().isEmpty()) {
      return Files.exists(directory.resolve("rootfs.ready"));
    }
    if (Files.isDirectory(top)) {
      return true;
    }
    if (!Files.isDirectory(top.resolveSibling("."))) {
      return false; // on a local disk, where the shim makes the directory
    }
    Optional<Path> root = Optional.empty();
    for (Lower lower : plan.lowers()) {
      Set<String> implied = implied(lower);
      if (!Set.of("").containsAll(implied)) {
        return false;
      }
      if (implied.isEmpty() && root.isEmpty()) {
        root = Optional.of(directory.resolve(lower.location()));
      }
    }
    Path beside = top.resolveSibling("upper.new");
    Files.createDirectories(beside);
    Files.setAttribute(
        beside, "unix:mode", root.isPresent() ? UnionTrees.mode(root.get()) & 01777 : 0755);
    if (root.isPresent()) {
      Files.setLastModifiedTime(beside, Files.getLastModifiedTime(root.get()));
    }
    Files.move(beside, top, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private static Set<String> implied(Lower lower) throws IOException {
    Set<String> paths = new LinkedHashSet<>();
    if (lower.index().isEmpty()) {
      return paths;
    }
    try {
      byte[] list = Files.readAllBytes(lower.index().get().resolveSibling("implied"));
      String text = new String(list, StandardCharsets.ISO_8859_1);
      for (int at = 0; at < text.length(); at = text.indexOf('\0', at) + 1) {
        paths.add(text.substring(at, text.indexOf('\0', at)));
      }
      return paths;
    } catch (NoSuchFileException none) {
      return paths;
    }
  }

  @Override
  public Optional<GuestPath> resolve(GuestPath path) throws IOException {
    return union.resolve(path);
  }

  @Override
  public Optional<byte[]> read(GuestPath path) throws IOException {
    return union.read(path);
  }

  @Override
  public Optional<Path> file(GuestPath path) throws IOException {
    return union.file(path);
  }

  @Override
  public Optional<Path> image(GuestPath path) throws IOException {
    List<UnionTrees.Tree> trees = union.trees();
    return UnionTrees.regular(UnionTrees.places(trees.subList(1, trees.size()), path));
  }

  @Override
  public List<GuestPath> list(GuestPath path) throws IOException {
    Set<GuestPath> names = new LinkedHashSet<>();
    for (UnionTrees.Place each : union.places(path)) {
      if (each.is(UnionTrees.DIRECTORY)) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(each.path())) {
          all.forEach(p -> names.add(path.resolve(String.valueOf(p.getFileName()))));
        }
      }
    }
    List<GuestPath> seen = new ArrayList<>();
    for (GuestPath each : names) {
      if (!union.places(each).isEmpty()) {
        seen.add(each);
      }
    }
    return seen;
  }

  @Override
  public boolean own(GuestPath path) throws IOException {
    return union.places(path).stream().findFirst().filter(p -> p.tree().equals(own())).isPresent();
  }

  @Override
  public void replace(GuestPath path, Path content) throws ContainerException, IOException {
    Path old = file(path).orElseThrow(() -> new NoSuchFileException(path.value()));
    GuestPath parent = path.resolve("..");
    Path beside = own().root().resolveSibling("replaced.new");
    Files.copy(content, beside, StandardCopyOption.REPLACE_EXISTING);
    try {
      Files.setAttribute(beside, "unix:mode", UnionTrees.mode(old) & 07777);
      copyAttributes(old, beside);
      Files.setLastModifiedTime(beside, Files.getLastModifiedTime(content));
      FileTime time = Files.getLastModifiedTime(union.places(parent).get(0).path());
      Path to = makeDirectory(parent);
      Files.move(
          beside, to.resolve(String.valueOf(old.getFileName())), StandardCopyOption.ATOMIC_MOVE);
      Files.setLastModifiedTime(to, time); // as the kernel, which copies up without a trace
    } catch (java.nio.file.AccessDeniedException e) {
      throw new ContainerException(
          Kind.UNSUPPORTED,
          "cannot replace " + path + ": a directory above it is not of the container's root",
          "",
          e);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  @Override
  public void discard(GuestPath path) throws IOException {
    if (own(path)) {
      Path file = file(path).orElseThrow(() -> new NoSuchFileException(path.value()));
      FileTime time = Files.getLastModifiedTime(file.resolveSibling("."));
      Files.delete(file);
      Files.setLastModifiedTime(file.resolveSibling("."), time);
    }
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public void close() {
    lock.close();
  }

  /** A directory of the container's own, with mode, attributes and time of the one that is seen. */
  private Path makeDirectory(GuestPath path) throws IOException {
    UnionTrees.Place seen = union.places(path).get(0);
    if (seen.tree().equals(own())) {
      return seen.path();
    }
    Path parent = makeDirectory(path.resolve(".."));
    FileTime time = Files.getLastModifiedTime(parent);
    Path made = parent.resolve(String.valueOf(seen.path().getFileName()));
    Files.createDirectory(made);
    Files.setAttribute(made, "unix:mode", seen.mode() & 07777);
    copyAttributes(seen.path(), made);
    Files.setLastModifiedTime(parent, time);
    return made;
  }

  private static void copyAttributes(Path from, Path to) throws IOException {
    UserDefinedFileAttributeView source = UnionTrees.attributes(from);
    UserDefinedFileAttributeView target = UnionTrees.attributes(to);
    for (String name : UnionTrees.listed(source)) {
      if (!name.startsWith("overlay.")) {
        ByteBuffer value = ByteBuffer.allocate(source.size(name));
        source.read(name, value);
        target.write(name, value.flip());
      }
    }
  }
}
