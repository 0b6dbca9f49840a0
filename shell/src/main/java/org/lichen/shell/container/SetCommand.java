package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Setting;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen set}. */
@Command(
    name = "set",
    description = "Change a setting of a container, also while it runs.",
    footer = {
      "",
      "Examples: lichen set --list",
      "          lichen set web add_map /data $HOME/data:ro",
      "          lichen set web add_env LANG C.UTF-8",
      "          lichen set web add_exec /usr/local/bin/squeue squeue",
      "          lichen set web add_deny_priv /usr/bin/python3 /data/secret",
      "          lichen set web add_needed /usr/sbin/nginx libtrace.so"
    })
public final class SetCommand extends PicoCommand {
  @Option(names = "--list", description = "Show what can be set, and when it takes effect.")
  boolean list;

  @Parameters(index = "0", arity = "0..1", paramLabel = "CONTAINER", description = "Name or id.")
  String container = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "TYPE", description = "See --list.")
  String type = "";

  @Parameters(index = "2", arity = "0..1", paramLabel = "NAME", description = "Of what.")
  String name = "";

  @Parameters(
      index = "3..*",
      paramLabel = "VALUE",
      description = "One or several, also separated by ';'.")
  List<String> values = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    if (list) {
      for (Setting each : Change.all(call)) {
        call.out().println(each.type() + ": " + each.summary() + " (" + each.effective() + ")");
      }
      return Outcome.OK;
    }
    Change change = Change.of(call, type);
    if (name.isEmpty() || (values.isEmpty() && change.needsValue())) {
      throw new ContainerException(
          Kind.USAGE, "set: set what to which value?", "lichen set CONTAINER TYPE NAME VALUE");
    }
    change.add(container, name, values);
    return Outcome.OK;
  }
}
