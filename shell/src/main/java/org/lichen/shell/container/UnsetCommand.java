package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lichen unset}. */
@Command(
    name = "unset",
    description = "Undo a setting of a container.",
    footer = {
      "",
      "Examples: lichen unset web add_map /data",
      "          lichen unset web add_needed /usr/sbin/nginx"
    })
public final class UnsetCommand extends PicoCommand {
  @Parameters(index = "0", paramLabel = "CONTAINER", description = "Name or id.")
  String container;

  @Parameters(index = "1", paramLabel = "TYPE", description = "As it was set.")
  String type;

  @Parameters(index = "2", paramLabel = "NAME", description = "As it was set.")
  String name;

  @Parameters(index = "3..*", paramLabel = "VALUE", description = "Only these (default: all).")
  List<String> values = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    Change.of(call, type).remove(container, name, values);
    return Outcome.OK;
  }
}
