package org.lichen.shell.container;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lichen run-plan}: the client does it, without the runtime; here it is described. */
@Command(
    name = "run-plan",
    description = "Execute a plan that was saved by lichen plan; needs no Java.",
    footer = {
      "",
      "Example: lichen plan -o job.plan run --rm alpine date; lichen run-plan job.plan"
    })
public final class RunPlanCommand extends PicoCommand {
  @Parameters(arity = "1", paramLabel = "FILE", description = "A saved plan.")
  List<String> files;

  @Override
  public Outcome run(Call call) throws ContainerException {
    throw new ContainerException(
        Kind.USAGE,
        "run-plan works in the client, not in the interactive shell",
        "lichen run-plan " + files.get(0));
  }
}
