package org.lichen.shell.system;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.CommandEntry;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;

/** {@code lichen help}. */
@Command(
    name = "help",
    description = "List the commands.",
    footer = {"", "Example: lichen run --help"})
public final class HelpCommand extends PicoCommand {
  private static final List<String> ORDER = List.of("Containers", "Images", "System");

  private final Supplier<List<CommandEntry>> commands;

  public HelpCommand(Supplier<List<CommandEntry>> commands) {
    this.commands = commands;
  }

  @Override
  public Outcome run(Call call) throws ContainerException {
    Map<String, Map<String, String>> groups = new LinkedHashMap<>();
    ORDER.forEach(group -> groups.put(group, new TreeMap<>()));
    for (CommandEntry entry : commands.get()) {
      groups
          .computeIfAbsent(entry.group(), group -> new TreeMap<>())
          .put(entry.name(), entry.summary());
    }
    call.out().println("Usage: lichen [--home DIR] [--log-level LEVEL] [--foreground] COMMAND …");
    call.out().println();
    call.out().println("Runs Docker and OCI images without root and without a daemon of an admin.");
    groups.forEach(
        (group, entries) -> {
          call.out().println();
          call.out().println(group + ":");
          entries.forEach(
              (name, summary) ->
                  call.out().println(String.format("  %-10s %s", name, summary).stripTrailing()));
        });
    call.out().println();
    call.out().println("Example: lichen run --rm -it alpine");
    call.out().println("lichen COMMAND --help tells more; lichen doctor tells what works here.");
    return Outcome.OK;
  }
}
