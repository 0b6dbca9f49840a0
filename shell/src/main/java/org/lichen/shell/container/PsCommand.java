package org.lichen.shell.container;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.image.ImageReference;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Words;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lichen ps}. */
@Command(
    name = "ps",
    description = "List containers: the running ones, or all.",
    footer = {"", "Example: lichen ps -a -f status=exited --format '{{.Names}} {{.Status}}'"})
public final class PsCommand extends PicoCommand {
  private static final int COMMAND_WIDTH = 24;

  @Option(
      names = {"-a", "--all"},
      description = "Also those that do not run.")
  boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print ids only.")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Print whole ids and commands.")
  boolean whole;

  @Option(names = "--noheading", description = "No heading.")
  boolean noHeading;

  @Option(
      names = {"-l", "--latest"},
      description = "The one created last, running or not.")
  boolean latest;

  @Option(
      names = {"-n", "--last"},
      paramLabel = "N",
      description = "The N created last.")
  int last = -1;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "KEY=VALUE",
      description = "Of label, status, name, id, ancestor, exited; several: all must hold.")
  List<String> filters = new ArrayList<>();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template such as '{{.ID}} {{.Names}}'.")
  String format;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Rows rows =
        new Rows()
            .column("CONTAINER ID", "ID")
            .column("IMAGE", "Image")
            .column("COMMAND", "Command")
            .column("CREATED", "Created")
            .column("STATUS", "Status")
            .column("NAMES", "Names");
    int limit = latest ? 1 : last < 0 ? Integer.MAX_VALUE : last;
    Instant now = Clock.systemUTC().instant();
    boolean any =
        all
            || limit != Integer.MAX_VALUE
            || filters.stream().anyMatch(f -> f.startsWith("status=") || f.startsWith("exited="));
    int shown = 0;
    for (Container container : call.services().runtime().list()) {
      if (shown < limit && (any || container.state() == State.RUNNING) && matches(container)) {
        rows.add(row(container, now));
        shown++;
      }
    }
    rows.print(call.out(), quiet ? "{{.ID}}" : format, !noHeading);
    return Outcome.OK;
  }

  private boolean matches(Container container) throws ContainerException {
    for (String filter : filters) {
      int equals = filter.indexOf('=');
      if (equals < 0) {
        throw new ContainerException(
            Kind.USAGE, "ps: filter '" + filter + "' is not KEY=VALUE", "lichen ps --help");
      }
      String value = filter.substring(equals + 1);
      boolean holds =
          switch (filter.substring(0, equals)) {
            case "label" -> label(container, value);
            case "status" -> status(container).equals(value);
            case "name" -> container.spec().name().contains(value);
            case "id" -> container.id().value().startsWith(value);
            case "ancestor" -> ancestor(container, value);
            case "exited" ->
                container.ending().map(e -> String.valueOf(e.status()).equals(value)).orElse(false);
            default ->
                throw new ContainerException(
                    Kind.USAGE,
                    "ps: there is no filter '" + filter.substring(0, equals) + "'",
                    "label, status, name, id, ancestor, exited");
          };
      if (!holds) {
        return false;
      }
    }
    return true;
  }

  private static boolean label(Container container, String wanted) {
    int equals = wanted.indexOf('=');
    String key = equals < 0 ? wanted : wanted.substring(0, equals);
    String found = container.spec().labels().get(key);
    return found != null && (equals < 0 || found.equals(wanted.substring(equals + 1)));
  }

  private static boolean ancestor(Container container, String wanted) {
    String image = container.spec().imageName();
    String familiar = familiar(image);
    return image.equals(wanted)
        || familiar.equals(wanted)
        || familiar.replaceFirst(":[^:/]*$", "").equals(wanted)
        || container.spec().image().hex().startsWith(wanted);
  }

  private static String familiar(String image) {
    try {
      return ImageReference.docker(image).familiar();
    } catch (IllegalArgumentException otherTransport) {
      return image;
    }
  }

  static String status(Container container) {
    return container.state().name().toLowerCase(java.util.Locale.ROOT);
  }

  private Map<String, Object> row(Container container, Instant now) {
    String command = String.join(" ", container.spec().command());
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("ID", whole ? container.id().value() : container.id().brief());
    row.put("Image", container.spec().imageName());
    row.put(
        "Command",
        whole || command.length() <= COMMAND_WIDTH
            ? command
            : command.substring(0, COMMAND_WIDTH - 1) + "…");
    row.put("Created", Words.ago(container.created(), now));
    row.put("CreatedAt", container.created().toString());
    row.put("Status", words(container, now));
    row.put("State", status(container));
    row.put("Names", container.spec().name());
    row.put("Labels", container.spec().labels());
    row.put("Pid", container.pid().orElse(0));
    row.put("ExitCode", container.ending().map(Container.Ending::status).orElse(0));
    return row;
  }

  private static String words(Container container, Instant now) {
    return switch (container.state()) {
      case CREATED -> "Created";
      case RUNNING -> "Up " + Words.length(Duration.between(container.started(), now));
      case PAUSED -> "Paused";
      case EXITED ->
          container
              .ending()
              .map(e -> "Exited (" + e.status() + ") " + Words.ago(e.finished(), now))
              .orElse("Exited");
    };
  }
}
