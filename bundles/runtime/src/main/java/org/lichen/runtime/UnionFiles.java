package org.lichen.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
 * What a launcher will join: the container's own tree first, then what is below it. Whiteouts and
 * opaque directories are those of docs/FORMATS.md, 7; overlayfs keeps the same in an upper.
 */
final class UnionFiles implements GuestFiles {
  private static final int MOST_LINKS = 40;
  private static final int TYPE = 0170000;
  private static final int FILE = 0100000;
  private static final int DIRECTORY = 0040000;
  private static final int LINK = 0120000;
  private static final int CHARACTERS = 0020000;

  private record Tree(Path root, boolean aufs) {}

  /** Something in one of the trees; of a directory several lie above each other. */
  private record Place(Tree tree, Path path, int mode) {
    boolean is(int type) {
      return (mode & TYPE) == type;
    }
  }

  private final Path directory;
  private final RootfsPlan plan;
  private final List<Tree> trees = new ArrayList<>();
  private final FileLock lock;

  private UnionFiles(Path directory, RootfsPlan plan, FileLock lock) {
    this.directory = directory;
    this.plan = plan;
    this.lock = lock;
    plan.upper().ifPresent(upper -> trees.add(new Tree(directory.resolve(upper), false)));
    for (Lower lower : plan.lowers()) {
      trees.add(new Tree(directory.resolve(lower.location()), lower.whiteouts().equals("aufs")));
    }
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

  private Tree own() {
    return trees.get(0);
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
    Files.setAttribute(beside, "unix:mode", root.isPresent() ? mode(root.get()) & 01777 : 0755);
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
    Deque<String> todo = new ArrayDeque<>(names(path.value()));
    GuestPath at = GuestPath.ROOT;
    int links = 0;
    while (!todo.isEmpty()) {
      String name = todo.pop();
      if (name.equals("..")) {
        at = at.resolve("..");
        continue;
      }
      GuestPath next = at.resolve(name);
      List<Place> found = places(next);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      if (!found.get(0).is(LINK)) {
        at = next;
        continue;
      }
      if (++links > MOST_LINKS) {
        throw new FileSystemException(path.value(), null, "too many symbolic links");
      }
      String target = Files.readSymbolicLink(found.get(0).path()).toString();
      at = target.startsWith("/") ? GuestPath.ROOT : at;
      List<String> more = names(target);
      for (int i = more.size(); i > 0; i--) {
        todo.push(more.get(i - 1));
      }
    }
    return Optional.of(at);
  }

  @Override
  public Optional<Path> file(GuestPath path) throws IOException {
    return regular(places(trees, path));
  }

  @Override
  public Optional<Path> image(GuestPath path) throws IOException {
    return regular(places(trees.subList(1, trees.size()), path));
  }

  private static Optional<Path> regular(List<Place> places) {
    return places.stream().findFirst().filter(p -> p.is(FILE)).map(Place::path);
  }

  @Override
  public List<GuestPath> list(GuestPath path) throws IOException {
    Set<GuestPath> names = new LinkedHashSet<>();
    for (Place each : places(path)) {
      if (each.is(DIRECTORY)) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(each.path())) {
          all.forEach(p -> names.add(path.resolve(String.valueOf(p.getFileName()))));
        }
      }
    }
    List<GuestPath> seen = new ArrayList<>();
    for (GuestPath each : names) {
      if (!places(each).isEmpty()) {
        seen.add(each);
      }
    }
    return seen;
  }

  @Override
  public boolean own(GuestPath path) throws IOException {
    return places(path).stream().findFirst().filter(p -> p.tree().equals(own())).isPresent();
  }

  @Override
  public void replace(GuestPath path, Path content) throws ContainerException, IOException {
    Path old = file(path).orElseThrow(() -> new NoSuchFileException(path.value()));
    GuestPath parent = path.resolve("..");
    Path beside = own().root().resolveSibling("replaced.new");
    Files.copy(content, beside, StandardCopyOption.REPLACE_EXISTING);
    try {
      Files.setAttribute(beside, "unix:mode", mode(old) & 07777);
      copyAttributes(old, beside);
      Files.setLastModifiedTime(beside, Files.getLastModifiedTime(content));
      FileTime time = Files.getLastModifiedTime(places(parent).get(0).path());
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
    Place seen = places(path).get(0);
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
    UserDefinedFileAttributeView source = attributes(from);
    UserDefinedFileAttributeView target = attributes(to);
    for (String name : listed(source)) {
      if (!name.startsWith("overlay.")) {
        ByteBuffer value = ByteBuffer.allocate(source.size(name));
        source.read(name, value);
        target.write(name, value.flip());
      }
    }
  }

  /** What is seen at a path without links, highest first. */
  private List<Place> places(GuestPath path) throws IOException {
    return places(trees, path);
  }

  private static List<Place> places(List<Tree> trees, GuestPath path) throws IOException {
    List<Place> found = new ArrayList<>();
    for (Tree tree : trees) {
      found.add(new Place(tree, tree.root(), DIRECTORY));
    }
    for (String name : names(path.value())) {
      found = in(found, name);
    }
    return found;
  }

  private static List<Place> in(List<Place> directories, String name) throws IOException {
    List<Place> found = new ArrayList<>();
    for (Place each : directories) {
      if (!each.is(DIRECTORY)) {
        break;
      }
      Path path = each.path().resolve(name);
      if (exists(path)) {
        Place place = new Place(each.tree(), path, mode(path));
        boolean whiteout =
            place.is(CHARACTERS) && Long.valueOf(0).equals(attribute(path, "unix:rdev"));
        boolean beneath = !found.isEmpty() && !place.is(DIRECTORY);
        if (!whiteout && !beneath) {
          found.add(place);
        }
        if (!place.is(DIRECTORY) || opaque(place)) {
          break;
        }
      }
      if (each.tree().aufs() && exists(each.path().resolve(".wh." + name))) {
        break;
      }
    }
    return found;
  }

  private static boolean opaque(Place place) throws IOException {
    if (place.tree().aufs()) {
      return exists(place.path().resolve(".wh..wh..opq"));
    }
    UserDefinedFileAttributeView view = attributes(place.path());
    ByteBuffer value = ByteBuffer.allocate(1);
    return listed(view).contains("overlay.opaque")
        && view.size("overlay.opaque") == 1
        && view.read("overlay.opaque", value) == 1
        && value.get(0) == 'y';
  }

  private static UserDefinedFileAttributeView attributes(Path path) {
    return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
  }

  private static List<String> listed(UserDefinedFileAttributeView view) {
    try {
      return view.list();
    } catch (IOException none) {
      return List.of(); // a file system that has no attributes of users
    }
  }

  private static boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static int mode(Path path) throws IOException {
    return (Integer) attribute(path, "unix:mode");
  }

  private static Object attribute(Path path, String name) throws IOException {
    return Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
  }

  private static List<String> names(String path) {
    return List.of(path.split("/", -1)).stream()
        .filter(name -> !name.isEmpty() && !name.equals("."))
        .toList();
  }
}
