package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen logs}. Reading never changes the log. */
@Command(
    name = "logs",
    description = "Show what a container has written.",
    footer = {"", "Example: lichen logs -f --tail 20 web"})
public final class LogsCommand extends PicoCommand {
  private static final int PAUSE_MILLIS = 100;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on until it ends.")
  boolean follow;

  @Option(
      names = {"-t", "--timestamps"},
      description = "Show when each line was written.")
  boolean timestamps;

  @Option(names = "--tail", paramLabel = "N", description = "Only the last N lines.")
  @Nullable Integer tail;

  @Option(names = "--since", paramLabel = "TIME", description = "RFC 3339, or ago: 10m, 2h.")
  @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "RFC 3339, or ago: 10m, 2h.")
  @Nullable String until;

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "Name or id.")
  String name;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    Container container = call.container(name);
    Path log = container.directory().resolve("log");
    if (!Files.exists(log) && !follow) {
      return Outcome.OK;
    }
    LogReader reader =
        new LogReader(call.out(), call.err(), timestamps, instant(since), instant(until));
    long position = tail == null ? 0 : LogReader.startOfLast(log, tail);
    while (true) {
      boolean running = state(call, container) == State.RUNNING;
      position = reader.copy(log, position);
      if (!follow || !running) {
        return Outcome.OK;
      }
      call.request().cancellation().check();
      OptionalInt ended = pause(call, container);
      if (ended.isPresent()) {
        reader.copy(log, position);
        return Outcome.OK;
      }
    }
  }

  private static State state(Call call, Container container) throws ContainerException {
    return call.services()
        .runtime()
        .find(container.id().value())
        .map(Container::state)
        .orElse(State.EXITED);
  }

  private static OptionalInt pause(Call call, Container container) {
    try {
      return call.services()
          .runtime()
          .control(container.id())
          .await(Duration.ofMillis(PAUSE_MILLIS));
    } catch (ContainerException left) {
      return OptionalInt.of(0);
    }
  }

  private static @Nullable Instant instant(@Nullable String typed) throws ContainerException {
    if (typed == null) {
      return null;
    }
    try {
      return typed.matches("[0-9]+[smhd]?.*") && !typed.contains("T")
          ? Clock.systemUTC().instant().minus(Duration.parse(duration(typed)))
          : Instant.parse(typed);
    } catch (DateTimeParseException e) {
      throw new ContainerException(
          Kind.USAGE, "'" + typed + "' is not a time", "2026-01-31T12:00:00Z, or 10m, 2h30m");
    }
  }

  private static String duration(String typed) {
    return typed.matches("[0-9]+") ? "PT" + typed + "S" : "PT" + typed;
  }
}
