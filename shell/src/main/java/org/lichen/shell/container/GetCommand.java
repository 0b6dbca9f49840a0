package org.lichen.shell.container;

import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Settings;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lichen get}. */
@Command(
    name = "get",
    description = "Show the settings of a container: type, name and values.",
    footer = {"", "Example: lichen get web add_needed"})
public final class GetCommand extends PicoCommand {
  @Parameters(index = "0", paramLabel = "CONTAINER", description = "Name or id.")
  String container;

  @Parameters(index = "1", arity = "0..1", paramLabel = "TYPE", description = "Only this type.")
  String type = "";

  @Parameters(index = "2", arity = "0..1", paramLabel = "NAME", description = "Only this name.")
  String name = "";

  @Override
  public Outcome run(Call call) throws ContainerException {
    Settings settings = Settings.of(call.container(container).spec());
    for (Map.Entry<String, Map<String, List<String>>> each : settings.values().entrySet()) {
      if (type.isEmpty() || type.equals(each.getKey())) {
        each.getValue().forEach((key, values) -> print(call, each.getKey(), key, values));
      }
    }
    return Outcome.OK;
  }

  private void print(Call call, String of, String key, List<String> values) {
    if (name.isEmpty() || name.equals(key)) {
      call.out().println(of + " " + key + " " + String.join(";", values));
    }
  }
}
