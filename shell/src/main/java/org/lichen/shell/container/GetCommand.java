package org.lichen.shell.container;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Settings;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
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

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template such as '{{.Type}} {{.Values}}'.")
  String format;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Settings settings = Settings.of(call.container(container).spec());
    Rows rows = new Rows().column("TYPE", "Type").column("NAME", "Name").column("VALUES", "Values");
    for (Map.Entry<String, Map<String, List<String>>> each : settings.values().entrySet()) {
      if (type.isEmpty() || type.equals(each.getKey())) {
        each.getValue().forEach((key, values) -> add(rows, each.getKey(), key, values));
      }
    }
    rows.print(call.out(), format.isEmpty() ? "{{.Type}} {{.Name}} {{.Values}}" : format, false);
    return Outcome.OK;
  }

  private void add(Rows rows, String of, String key, List<String> values) {
    if (name.isEmpty() || name.equals(key)) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("Type", of);
      row.put("Name", key);
      row.put("Values", format.equals("json") ? values : String.join(";", values));
      rows.add(row);
    }
  }
}
