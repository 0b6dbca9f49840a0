package org.lichen.shell.system;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Template;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lichen info}. */
@Command(
    name = "info",
    description = "Tell about this installation.",
    footer = {"", "Example: lichen info --format '{{.Home}}'"})
public final class InfoCommand extends PicoCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template.")
  String format;

  @Override
  public Outcome run(Call call) throws ContainerException {
    List<Container> containers = call.services().runtime().list();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("Version", call.services().version());
    facts.put("Build", call.services().build());
    facts.put("Home", call.services().home());
    facts.put("Containers", containers.size());
    facts.put("Running", containers.stream().filter(c -> c.state() == State.RUNNING).count());
    facts.put("Images", call.services().store().list().size());
    facts.put("Java", System.getProperty("java.version"));
    facts.put("RuntimePid", ProcessHandle.current().pid());
    facts.put("Kernel", System.getProperty("os.version"));
    facts.put("Architecture", System.getProperty("os.arch"));
    facts.put("Host", call.services().runtime().host().all());
    if (format.equals("json")) {
      call.out().println(Rows.json(facts));
    } else if (!format.isEmpty()) {
      call.out().println(new Template(format).fill(facts));
    } else {
      facts.remove("Host");
      facts.forEach((name, value) -> call.out().println(name + ": " + value));
    }
    return Outcome.OK;
  }
}
