package org.lichen.elf;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an ELF file shall tell its loader from now on. Replaced libraries come first, then removed,
 * then added ones. An edit that changes nothing leaves every byte as it is, so the same edit twice
 * is the same as once. Immutable and thread-safe; made by {@link Builder}.
 *
 * <p>What fits stays in its place. Else the file grows at its end, by a segment (PT_LOAD, gABI 5)
 * that holds the program headers and what did not fit; section headers follow. All else keeps its
 * place in the file and in memory. Nothing is ever cut off, so an edit that is undone leaves a file
 * that works and may be longer.
 */
public final class ElfEdit {
  private static final int LONGEST = 4095; // PATH_MAX, as the kernel counts it

  private final Builder wanted;

  private ElfEdit(Builder wanted) {
    this.wanted = wanted;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Puts the edited copy of {@code file} at {@code out}, which may be the same: whole, by a rename,
   * with the mode of {@code file} and a new time; symbolic links are followed. A name that is
   * written to leaves its hard links, and loses extended attributes with them.
   *
   * @return whether the two differ; if not, {@code file} itself is not touched
   * @throws ElfException if the file is damaged; nothing was written
   * @throws UneditableElfException if it cannot have what was asked for; nothing was written
   */
  public boolean apply(Path file, Path out) throws IOException {
    Path target = Files.exists(out) ? out.toRealPath() : out.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new IOException(target + " is no file");
    }
    try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
      Rewriter rewriter = new Rewriter(Elf.read(from));
      boolean changed = rewriter.prepare(this);
      if (!changed && Files.exists(target) && Files.isSameFile(file, target)) {
        return false;
      }
      Path beside = Files.createTempFile(directory, ".lichen-elf", "");
      try {
        try (FileChannel to = FileChannel.open(beside, StandardOpenOption.WRITE)) {
          rewriter.write(to);
          to.force(true);
        }
        int mode = (Integer) Files.getAttribute(file, "unix:mode");
        Files.setAttribute(beside, "unix:mode", mode & 07777, LinkOption.NOFOLLOW_LINKS);
        Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(beside);
      }
      return changed;
    }
  }

  /**
   * Writes the edited copy of an open file to another, which must be empty.
   *
   * @return whether the two differ
   */
  public boolean write(FileChannel from, FileChannel to) throws IOException {
    Rewriter rewriter = new Rewriter(Elf.read(from));
    boolean changed = rewriter.prepare(this);
    rewriter.write(to);
    return changed;
  }

  /** Whether nothing is asked for. */
  public boolean empty() {
    return wanted.interpreter.isEmpty() && !ofDynamic();
  }

  Optional<String> interpreter() {
    return wanted.interpreter;
  }

  Optional<String> soname() {
    return wanted.soname;
  }

  Map<String, String> replaced() {
    return wanted.replaced;
  }

  /** Whether it is about the dynamic section. */
  boolean ofDynamic() {
    return !(wanted.soname.isEmpty()
        && wanted.added.isEmpty()
        && wanted.removed.isEmpty()
        && wanted.replaced.isEmpty()
        && wanted.paths.isEmpty()
        && wanted.pathsAdded.isEmpty()
        && wanted.pathsRemoved.isEmpty());
  }

  /** The libraries that are needed afterwards: what is new stands first, to be searched first. */
  List<String> needed(List<String> now) {
    List<String> kept =
        now.stream()
            .map(name -> wanted.replaced.getOrDefault(name, name))
            .filter(name -> !wanted.removed.contains(name))
            .toList();
    return Stream.concat(wanted.added.stream().filter(name -> !kept.contains(name)), kept.stream())
        .distinct()
        .toList();
  }

  /** The search path afterwards; empty for none. */
  String paths(String now) {
    List<String> kept = new ArrayList<>(split(wanted.paths.orElse(now)));
    kept.removeAll(wanted.pathsRemoved);
    wanted.pathsAdded.stream().filter(path -> !kept.contains(path)).forEach(kept::add);
    String paths = String.join(":", kept);
    return String.join(":", split(now)).equals(paths) ? now : paths;
  }

  private static List<String> split(String paths) {
    return Stream.of(paths.split(":", -1)).filter(path -> !path.isEmpty()).distinct().toList();
  }

  /** Collects an edit. Names that no file can have are an IllegalArgumentException. */
  public static final class Builder {
    private Optional<String> interpreter = Optional.empty();
    private Optional<String> soname = Optional.empty();
    private Optional<String> paths = Optional.empty();
    private List<String> added = List.of();
    private List<String> removed = List.of();
    private List<String> pathsAdded = List.of();
    private List<String> pathsRemoved = List.of();
    private Map<String, String> replaced = Map.of();

    private Builder() {}

    /** Path of the program that loads this one (PT_INTERP); for files that name one already. */
    public Builder interpreter(String path) {
      interpreter = Optional.of(name(path));
      return this;
    }

    public Builder soname(String name) {
      soname = Optional.of(name(name));
      return this;
    }

    /** Replaces the search path; empty removes it. */
    public Builder rpath(String value) {
      paths = Optional.of(value.isEmpty() ? value : name(value));
      return this;
    }

    public Builder addNeeded(String library) {
      added = with(added, name(library));
      return this;
    }

    /** Removes it, and the versions that the file wants of it (DT_VERNEED). */
    public Builder removeNeeded(String library) {
      removed = with(removed, name(library));
      return this;
    }

    public Builder replaceNeeded(String old, String library) {
      Map<String, String> all = new LinkedHashMap<>(replaced);
      all.put(name(old), name(library));
      replaced = Map.copyOf(all);
      return this;
    }

    /** Appends directories to the search path: DT_RUNPATH, or DT_RPATH if it has only that. */
    public Builder addRpath(String directories) {
      for (String each : split(name(directories))) {
        pathsAdded = with(pathsAdded, each);
      }
      return this;
    }

    public Builder removeRpath(String directories) {
      for (String each : split(name(directories))) {
        pathsRemoved = with(pathsRemoved, each);
      }
      return this;
    }

    public ElfEdit build() {
      Builder copy = new Builder();
      copy.interpreter = interpreter;
      copy.soname = soname;
      copy.paths = paths;
      copy.added = added;
      copy.removed = removed;
      copy.pathsAdded = pathsAdded;
      copy.pathsRemoved = pathsRemoved;
      copy.replaced = replaced;
      return new ElfEdit(copy);
    }

    private static List<String> with(List<String> list, String one) {
      return Stream.concat(list.stream(), Stream.of(one)).distinct().toList();
    }

    private static String name(String name) {
      int size = name.getBytes(StandardCharsets.UTF_8).length;
      if (size == 0 || size > LONGEST || name.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(
            size == 0 ? "an empty name" : "'" + name + "' is too long, or has a NUL");
      }
      return name;
    }
  }
}
