package org.lichen.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.GuestPath;
import org.lichen.api.container.GuestTree;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * Trees that lie above each other, as a launcher will join them, to be read. Whiteouts and opaque
 * directories are those of docs/FORMATS.md, 7; overlayfs keeps the same in an upper.
 */
final class UnionTrees implements GuestTree {
  private static final int TYPE = 0170000;
  private static final int FILE = 0100000;
  static final int DIRECTORY = 0040000;
  private static final int LINK = 0120000;
  private static final int CHARACTERS = 0020000;

  record Tree(Path root, boolean aufs) {}

  /** Something in one of the trees; of a directory several lie above each other. */
  record Place(Tree tree, Path path, int mode) {
    boolean is(int type) {
      return (mode & TYPE) == type;
    }
  }

  private final List<Tree> trees;

  /** Highest first. */
  UnionTrees(List<Tree> trees) {
    this.trees = List.copyOf(trees);
  }

  /** What a plan joins, for the container in this directory; its lowers are directories. */
  static UnionTrees of(Path directory, RootfsPlan plan) {
    List<Tree> trees = new ArrayList<>();
    plan.upper().ifPresent(upper -> trees.add(new Tree(directory.resolve(upper), false)));
    for (Lower lower : plan.lowers()) {
      trees.add(new Tree(directory.resolve(lower.location()), lower.whiteouts().equals("aufs")));
    }
    return new UnionTrees(trees);
  }

  List<Tree> trees() {
    return trees;
  }

  @Override
  public Optional<GuestPath> resolve(GuestPath path) throws IOException {
    return LinkWalk.resolve(
        path,
        at -> {
          List<Place> found = places(at);
          if (found.isEmpty()) {
            return Optional.empty();
          }
          return Optional.of(
              found.get(0).is(LINK) ? Files.readSymbolicLink(found.get(0).path()).toString() : "");
        });
  }

  @Override
  public Optional<byte[]> read(GuestPath path) throws IOException {
    Optional<Path> file = file(path);
    return file.isEmpty() ? Optional.empty() : Optional.of(Files.readAllBytes(file.get()));
  }

  /** Where a regular file lies; {@code path} has no links. */
  Optional<Path> file(GuestPath path) throws IOException {
    return regular(places(path));
  }

  static Optional<Path> regular(List<Place> places) {
    return places.stream().findFirst().filter(p -> p.is(FILE)).map(Place::path);
  }

  /** What is seen at a path without links, highest first. */
  List<Place> places(GuestPath path) throws IOException {
    return places(trees, path);
  }

  static List<Place> places(List<Tree> trees, GuestPath path) throws IOException {
    List<Place> found = new ArrayList<>();
    for (Tree tree : trees) {
      found.add(new Place(tree, tree.root(), DIRECTORY));
    }
    for (String name : LinkWalk.names(path.value())) {
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

  static UserDefinedFileAttributeView attributes(Path path) {
    return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
  }

  static List<String> listed(UserDefinedFileAttributeView view) {
    try {
      return view.list();
    } catch (IOException none) {
      return List.of(); // a file system that has no attributes of users
    }
  }

  static boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  static int mode(Path path) throws IOException {
    return (Integer) attribute(path, "unix:mode");
  }

  private static Object attribute(Path path, String name) throws IOException {
    return Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
  }
}
