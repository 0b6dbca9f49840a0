package org.lichen.api.container;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A container as found on disk at one moment. {@code started}: its last start, or when it was
 * created. Immutable.
 */
public record Container(
    ContainerId id,
    ContainerSpec spec,
    Instant created,
    State state,
    Instant started,
    OptionalInt pid,
    Optional<Ending> ending,
    Path directory) {

  /** State, from the lock that the shim of a running container holds. */
  public enum State {
    CREATED,
    RUNNING,
    PAUSED,
    EXITED
  }

  /** How the last run ended. {@code error} is empty unless Lichen itself failed. */
  public record Ending(int status, Instant started, Instant finished, String error) {}
}
