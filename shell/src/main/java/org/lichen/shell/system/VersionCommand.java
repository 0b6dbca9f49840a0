package org.lichen.shell.system;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Template;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lichen version}. */
@Command(
    name = "version",
    description = "Print the version.",
    footer = {"", "Example: lichen version --format '{{.Version}}'"})
public final class VersionCommand extends PicoCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template.")
  String format;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("Version", call.services().version());
    facts.put("Build", call.services().build());
    facts.put("Java", System.getProperty("java.version"));
    facts.put("OsArch", "linux/" + System.getProperty("os.arch"));
    if (format.equals("json")) {
      call.out().println(Rows.json(facts));
    } else if (!format.isEmpty()) {
      call.out().println(new Template(format).fill(facts));
    } else {
      call.out().println("lichen version " + call.services().version());
    }
    return Outcome.OK;
  }
}
