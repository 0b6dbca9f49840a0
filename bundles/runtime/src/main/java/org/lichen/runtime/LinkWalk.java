package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.lichen.api.GuestPath;

/** Follows symbolic links as a guest would, with its own root. */
final class LinkWalk {
  private static final int MOST_LINKS = 40;

  /** What is at a path without links: empty for nothing, else the target of a link, or "". */
  @FunctionalInterface
  interface Look {
    Optional<String> at(GuestPath path) throws IOException;
  }

  private LinkWalk() {}

  static Optional<GuestPath> resolve(GuestPath path, Look look) throws IOException {
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
      Optional<String> found = look.at(next);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      String target = found.get();
      if (target.isEmpty()) {
        at = next;
        continue;
      }
      if (++links > MOST_LINKS) {
        throw new FileSystemException(path.value(), null, "too many symbolic links");
      }
      at = target.startsWith("/") ? GuestPath.ROOT : at;
      List<String> more = names(target);
      for (int i = more.size(); i > 0; i--) {
        todo.push(more.get(i - 1));
      }
    }
    return Optional.of(at);
  }

  static List<String> names(String path) {
    return List.of(path.split("/", -1)).stream()
        .filter(name -> !name.isEmpty() && !name.equals("."))
        .toList();
  }
}
