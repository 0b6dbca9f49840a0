package org.lichen.calls;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerWatcher;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Which programs of containers are commands of the host: {@code exposed/NAME} tells what {@code
 * bin/NAME}, a link to the client, stands for. A name is claimed by making the former. Thread-safe;
 * several processes may share one home.
 */
@Component(service = {Exposures.class, ContainerWatcher.class})
public final class Exposures implements ContainerWatcher {
  private static final String NAME = "[A-Za-z0-9_+@%=:,\\[][A-Za-z0-9_+@%=:,\\[.-]{0,199}";

  private final Path commands;
  private final Path records;
  private final Path containers;
  private final Path client;

  @Activate
  public Exposures(BundleContext framework) {
    Path home = Path.of(Objects.requireNonNull(framework.getProperty("lichen.home")));
    this.commands = home.resolve("bin");
    this.records = home.resolve("exposed");
    this.containers = home.resolve("containers");
    this.client =
        Path.of(
            Objects.requireNonNull(framework.getProperty("lichen.distribution")), "bin", "lichen");
  }

  /** The directory of the commands, for the caller's PATH. */
  public Path directory() {
    return commands;
  }

  /** {@code replace}: a name that another container has is taken over. */
  public void expose(Exposed exposed, boolean replace) throws ContainerException, IOException {
    if (!exposed.name().matches(NAME) || exposed.name().equals("lichen")) {
      throw new ContainerException(
          Kind.USAGE,
          "'" + exposed.name() + "' cannot be the name of a command",
          "give one: --name NAME");
    }
    Files.createDirectories(records);
    Files.createDirectories(commands);
    Path record = records.resolve(exposed.name());
    Path made = Files.createTempFile(records, ".new-", "");
    try {
      Files.write(made, exposed.encoded(), StandardOpenOption.DSYNC);
      claim(made, record, exposed, replace);
    } finally {
      Files.deleteIfExists(made);
    }
    link(commands.resolve(exposed.name()));
  }

  private void claim(Path made, Path record, Exposed exposed, boolean replace)
      throws ContainerException, IOException {
    try {
      Files.createLink(record, made);
    } catch (FileAlreadyExistsException e) {
      Optional<Exposed> other = find(exposed.name());
      if (!replace
          && other.isPresent()
          && !other.get().container().equals(exposed.container())
          && Files.exists(containers.resolve(other.get().container().value()))) {
        throw new ContainerException(
            Kind.CONFLICT,
            "container "
                + other.get().container().brief()
                + " exposes a command "
                + exposed.name()
                + " already",
            "--replace, or --name another",
            e);
      }
      Files.move(made, record, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** A file of the user's own in there is not touched. */
  private void link(Path command) throws ContainerException, IOException {
    if (Files.exists(command, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.isSymbolicLink(command)) {
        throw new ContainerException(
            Kind.CONFLICT, command + " is there already, and none of ours", "remove it");
      }
      if (Files.readSymbolicLink(command).equals(client)) {
        return;
      }
    }
    Path made = command.resolveSibling(".new-" + command.getFileName() + "-" + System.nanoTime());
    Files.createSymbolicLink(made, client);
    Files.move(made, command, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Whether there was such a command. */
  public boolean unexpose(String name) throws IOException {
    if (!name.matches(NAME)) {
      return false;
    }
    Path command = commands.resolve(name);
    boolean known = Files.deleteIfExists(records.resolve(name));
    if (known && Files.isSymbolicLink(command)) {
      Files.delete(command);
    }
    return known;
  }

  public Optional<Exposed> find(String name) throws ContainerException, IOException {
    try {
      return Optional.of(Exposed.decode(name, Files.readAllBytes(records.resolve(name))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new ContainerException(
          Kind.CORRUPT,
          "what the command " + name + " stands for cannot be read (" + records.resolve(name) + ")",
          "lichen unexpose " + name,
          e);
    }
  }

  /** By name. */
  public List<Exposed> list() throws ContainerException, IOException {
    List<Exposed> all = new ArrayList<>();
    for (String name : names()) {
      find(name).ifPresent(all::add);
    }
    return all;
  }

  /** In order. */
  public List<String> names() throws IOException {
    List<String> all = new ArrayList<>();
    if (!Files.isDirectory(records)) {
      return all;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(records)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (!name.startsWith(".")) {
          all.add(name);
        }
      }
    }
    all.sort(Comparator.naturalOrder());
    return all;
  }

  @Override
  public void removed(ContainerId id) {
    try {
      for (Exposed each : of(id)) {
        unexpose(each.name());
      }
    } catch (IOException e) {
      return; // whoever calls one of them is told that its container is gone
    }
  }

  @Override
  public void changed(ContainerId id, Map<String, String> shared) {
    try {
      for (Exposed each : of(id)) {
        if (!each.binds().equals(shared)) {
          expose(each.sharing(shared), false);
        }
      }
    } catch (IOException | ContainerException e) {
      return; // the working directory is then found as before
    }
  }

  /** What a container has; damaged records are nobody's. */
  private List<Exposed> of(ContainerId id) throws IOException {
    List<Exposed> all = new ArrayList<>();
    for (String name : names()) {
      readable(name).filter(exposed -> exposed.container().equals(id)).ifPresent(all::add);
    }
    return all;
  }

  private Optional<Exposed> readable(String name) throws IOException {
    try {
      return find(name);
    } catch (ContainerException damaged) {
      return Optional.empty();
    }
  }
}
