package org.lichen.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.Ending;
import org.lichen.api.container.Container.State;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerSpec;
import org.lichen.posix.FileLock;

/** Reads containers from disk; changes nothing. */
final class ContainerReader {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern PREFIX = Pattern.compile("[0-9a-f]{1,64}");

  private final Home home;

  ContainerReader(Home home) {
    this.home = home;
  }

  /** Every container that is there whole, newest first. */
  List<Container> list() throws ContainerException {
    List<Container> found = new ArrayList<>();
    for (ContainerId id : ids()) {
      read(id).ifPresent(found::add);
    }
    found.sort(Comparator.comparing(Container::created).reversed());
    return found;
  }

  Optional<Container> find(String nameOrId) throws ContainerException {
    try {
      Path target = Files.readSymbolicLink(home.names().resolve(nameOrId));
      return read(new ContainerId(target.getFileName().toString()));
    } catch (IOException | IllegalArgumentException notAName) {
      // then it is an id
    }
    if (!PREFIX.matcher(nameOrId).matches()) {
      return Optional.empty();
    }
    List<ContainerId> matching =
        ids().stream().filter(id -> id.value().startsWith(nameOrId)).toList();
    if (matching.size() > 1) {
      throw new ContainerException(
          Kind.USAGE,
          "container id '" + nameOrId + "' is ambiguous: " + matching.size() + " ids begin with it",
          "give more of its digits");
    }
    return matching.isEmpty() ? Optional.empty() : read(matching.get(0));
  }

  /** One container; empty if it is not there, or not whole (being made or removed). */
  Optional<Container> read(ContainerId id) throws ContainerException {
    Path directory = home.container(id);
    Path file = directory.resolve("container.json");
    try {
      ContainerSpec spec = SpecJson.read(Files.readAllBytes(file));
      Instant created = Files.getLastModifiedTime(file).toInstant(); // an update keeps it
      boolean running = FileLock.held(directory.resolve("lock"));
      Optional<Ending> ending = running ? Optional.empty() : ending(directory);
      State state = running ? State.RUNNING : ending.isPresent() ? State.EXITED : State.CREATED;
      Instant started =
          running ? since(directory, created) : ending.map(Ending::started).orElse(created);
      OptionalInt pid = running ? pid(directory) : OptionalInt.empty();
      return Optional.of(new Container(id, spec, created, state, started, pid, ending, directory));
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ContainerException(
          Kind.CORRUPT, "container " + id.brief() + " (" + file + "): " + e.getMessage(), "", e);
    }
  }

  private List<ContainerId> ids() throws ContainerException {
    List<ContainerId> ids = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(home.containers())) {
      for (Path one : all) {
        String name = one.getFileName().toString();
        if (ID.matcher(name).matches()) {
          ids.add(new ContainerId(name));
        }
      }
    } catch (NoSuchFileException none) {
      return ids;
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST,
          "cannot list containers (" + home.containers() + "): " + e.getMessage(),
          "",
          e);
    }
    return ids;
  }

  private static Optional<Ending> ending(Path directory) throws IOException {
    try {
      JsonNode exit = MAPPER.readTree(Files.readAllBytes(directory.resolve("exit.json")));
      return Optional.of(
          new Ending(
              exit.path("status").asInt(),
              Instant.parse(exit.path("started").asText()),
              Instant.parse(exit.path("finished").asText()),
              exit.path("error").asText()));
    } catch (NoSuchFileException never) {
      return Optional.empty();
    }
  }

  /** The shim makes the link to the run directory anew at every start. */
  private static Instant since(Path directory, Instant otherwise) {
    try {
      return Files.getLastModifiedTime(
              directory.resolve("run"), java.nio.file.LinkOption.NOFOLLOW_LINKS)
          .toInstant();
    } catch (IOException starting) {
      return otherwise;
    }
  }

  private static OptionalInt pid(Path directory) {
    try {
      String[] words = Files.readString(directory.resolve("run/pid")).trim().split("\\s+", -1);
      return OptionalInt.of(Integer.parseInt(words[0]));
    } catch (IOException | NumberFormatException starting) {
      return OptionalInt.empty(); // the lock is taken before the pid is known
    }
  }
}
