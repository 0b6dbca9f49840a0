package org.lichen.shell.container;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lichen wait}. */
@Command(
    name = "wait",
    description = "Wait until containers end; print their exit statuses.",
    footer = {"", "Example: lichen wait web"})
public final class WaitCommand extends PicoCommand {
  private static final Duration LOOK = Duration.ofSeconds(1);

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "Names or ids.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException {
    for (String name : names) {
      call.out().println(await(call.container(name), call));
      call.out().flush();
    }
    return Outcome.OK;
  }

  private static int await(Container container, Call call) throws ContainerException {
    Container now = container;
    while (now.state() == State.RUNNING) {
      call.request().cancellation().check();
      try {
        OptionalInt status = call.services().runtime().control(now.id()).await(LOOK);
        if (status.isPresent()) {
          return status.getAsInt();
        }
      } catch (ContainerException left) {
        // it ended between the look and the call: its ending is on disk
      }
      var next = call.services().runtime().find(now.id().value());
      if (next.isEmpty()) {
        return 0; // removed with --rm, and its shim was gone before it could be asked
      }
      now = next.get();
    }
    return now.ending().map(Container.Ending::status).orElse(0);
  }
}
