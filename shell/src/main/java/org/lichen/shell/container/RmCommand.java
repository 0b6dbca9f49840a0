package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen rm}. */
@Command(
    name = "rm",
    description = "Remove containers with all that was written in them.",
    footer = {"", "Example: lichen rm -f web"})
public final class RmCommand extends PicoCommand {
  @Option(
      names = {"-f", "--force"},
      description = "Kill running ones first.")
  boolean force;

  @Option(
      names = {"-a", "--all"},
      description = "Every container.")
  boolean all;

  @Option(
      names = {"-i", "--ignore"},
      description = "No failure if one is not there.")
  boolean ignore;

  @Option(
      names = {"-v", "--volumes"},
      description = "Anonymous volumes too (always so).")
  boolean volumes;

  @Parameters(arity = "0..*", paramLabel = "CONTAINER", description = "Names or ids.")
  List<String> names = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    return Each.of(
        call,
        names,
        all,
        ignore || force,
        State.CREATED,
        container -> call.services().runtime().remove(container.id(), force));
  }
}
