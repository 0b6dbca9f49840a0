package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Signals;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen kill}. */
@Command(
    name = "kill",
    description = "Send a signal to containers.",
    footer = {"", "Example: lichen kill -s HUP web"})
public final class KillCommand extends PicoCommand {
  @Option(
      names = {"-s", "--signal"},
      paramLabel = "SIGNAL",
      defaultValue = "KILL",
      description = "Which (default: KILL).")
  String signal;

  @Option(
      names = {"-a", "--all"},
      description = "Every running container.")
  boolean all;

  @Parameters(arity = "0..*", paramLabel = "CONTAINER", description = "Names or ids.")
  List<String> names = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    int number = Signals.number(signal);
    return Each.of(
        call,
        names,
        all,
        false,
        State.RUNNING,
        container -> call.services().runtime().control(container.id()).signal(number));
  }
}
