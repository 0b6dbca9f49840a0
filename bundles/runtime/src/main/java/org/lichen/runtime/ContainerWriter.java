package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.Container;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerSpec;
import org.lichen.posix.FileLock;
import org.lichen.posix.Trees;

/** Writes containers to disk: everything beside its place first, then renamed into it. */
final class ContainerWriter {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");

  private final Home home;
  private final SecureRandom random;

  ContainerWriter(Home home, SecureRandom random) {
    this.home = home;
    this.random = random;
  }

  ContainerId newId() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return new ContainerId(HexFormat.of().formatHex(bytes));
  }

  static void checkName(String name) throws ContainerException {
    if (!NAME.matcher(name).matches()) {
      throw new ContainerException(
          Kind.USAGE,
          "'" + name + "' is not a container name",
          "letters, digits, '_', '.' and '-', beginning with a letter or digit");
    }
  }

  /** Makes the directory of a new container; its name is claimed first, so only one can win. */
  Path create(ContainerId id, ContainerSpec spec) throws ContainerException {
    Path directory = home.container(id);
    try {
      Files.createDirectories(home.containers());
      Path beside = Files.createTempDirectory(home.containers(), ".new-");
      Files.write(beside.resolve("container.json"), SpecJson.write(spec));
      Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("rwx------"));
      try {
        claim(spec.name(), id);
        Files.move(beside, directory, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException | ContainerException e) {
        Trees.remove(beside);
        throw e;
      }
      return directory;
    } catch (IOException e) {
      throw failure("create", directory, e);
    }
  }

  private void claim(String name, ContainerId id) throws IOException, ContainerException {
    if (name.isEmpty()) {
      return;
    }
    checkName(name);
    Path link = home.names().resolve(name);
    Files.createDirectories(home.names());
    try {
      Files.createSymbolicLink(link, Path.of("../containers", id.value()));
    } catch (FileAlreadyExistsException taken) {
      Path holder = Files.readSymbolicLink(link).getFileName();
      if (!Files.exists(home.containers().resolve(holder))) {
        Files.deleteIfExists(link); // its container was removed by a process that was killed
        Files.createSymbolicLink(link, Path.of("../containers", id.value()));
        return;
      }
      throw new ContainerException(
          Kind.CONFLICT,
          "the container name '"
              + name
              + "' is already in use by "
              + holder.toString().substring(0, 12),
          "remove it first: lichen rm " + name + ", or choose another name");
    }
  }

  void update(ContainerId id, ContainerSpec spec) throws ContainerException {
    Path file = home.container(id).resolve("container.json");
    try {
      Path beside = Files.createTempFile(file.getParent(), ".container", ".json");
      Files.write(beside, SpecJson.write(spec));
      Files.setLastModifiedTime(beside, Files.getLastModifiedTime(file)); // when it was created
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failure("update", file, e);
    }
  }

  /**
   * Removes a stopped container. From the rename on it no longer exists; what a kill leaves behind
   * is collected by the next removal.
   */
  void remove(Container container, TreeRemover remover) throws ContainerException {
    Path directory = container.directory();
    Optional<FileLock> lock = Optional.empty();
    try {
      lock = FileLock.tryAcquire(directory.resolve("lock"), FileLock.Mode.EXCLUSIVE);
      if (lock.isEmpty()) {
        throw new ContainerException(
            Kind.CONFLICT, "container " + container.id().brief() + " is in use", "try again");
      }
      Path doomed = home.containers().resolve(".rm-" + container.id());
      Files.move(directory, doomed, StandardCopyOption.ATOMIC_MOVE);
      if (!container.spec().name().isEmpty()) {
        Files.deleteIfExists(home.names().resolve(container.spec().name()));
      }
      try {
        removeAll(doomed, remover);
      } catch (IOException | ContainerException e) {
        // NFS keeps a file that is open, and its directory: ours is the lock, and nobody finds this
        // container any more
        lock.get().close();
        removeAll(doomed, remover);
      }
    } catch (java.nio.file.NoSuchFileException gone) {
      // somebody else was faster
    } catch (IOException e) {
      throw failure("remove", directory, e);
    } finally {
      lock.ifPresent(FileLock::close);
    }
  }

  /** Removes what killed processes left half made or half removed. */
  void collect(TreeRemover remover) throws ContainerException {
    try (var all = Files.newDirectoryStream(home.containers(), ".{new,rm,del}-*")) {
      for (Path one : all) {
        boolean old =
            Files.getLastModifiedTime(one).toMillis() < System.currentTimeMillis() - 3_600_000;
        boolean made = one.getFileName().toString().startsWith(".new-");
        if (made ? old : !FileLock.held(one.resolve("lock"))) {
          removeAll(one, remover); // a shim or a removal that still works on it holds its lock
        }
      }
    } catch (java.nio.file.NoSuchFileException none) {
      // no container was ever made, or another process collects too
    } catch (IOException e) {
      throw failure("collect", home.containers(), e);
    }
  }

  private static void removeAll(Path container, TreeRemover remover)
      throws IOException, ContainerException {
    Optional<Path> elsewhere = UpperPlace.treeOf(container);
    if (elsewhere.isPresent()) {
      remover.remove(elsewhere.get());
    }
    remover.remove(container);
  }

  /** Removes a tree, whoever its files belong to. */
  @FunctionalInterface
  interface TreeRemover {
    void remove(Path tree) throws IOException, ContainerException;
  }

  private static ContainerException failure(String what, Path where, IOException e) {
    return new ContainerException(
        Kind.HOST, "cannot " + what + " container (" + where + "): " + e.getMessage(), "", e);
  }
}
