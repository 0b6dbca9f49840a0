package org.lichen.shell.container;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Signals;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.runtime.Control;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen stop}. */
@Command(
    name = "stop",
    description = "Stop containers: their stop signal, then SIGKILL.",
    footer = {"", "Example: lichen stop -t 3 web"})
public final class StopCommand extends PicoCommand {
  private static final int KILL = 9;

  @Option(
      names = {"-t", "--time"},
      paramLabel = "SECONDS",
      description = "Until SIGKILL.")
  @Nullable Integer time;

  @Option(
      names = {"-a", "--all"},
      description = "Every running container.")
  boolean all;

  @Option(
      names = {"-i", "--ignore"},
      description = "No failure if one is not there.")
  boolean ignore;

  @Parameters(arity = "0..*", paramLabel = "CONTAINER", description = "Names or ids.")
  List<String> names = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    return Each.of(call, names, all, ignore, State.RUNNING, container -> stop(call, container));
  }

  private void stop(Call call, Container container) throws ContainerException {
    if (container.state() != State.RUNNING) {
      return;
    }
    Duration patience = time == null ? container.spec().stopTimeout() : Duration.ofSeconds(time);
    Control control = call.services().runtime().control(container.id());
    control.signal(Signals.number(container.spec().stopSignal()));
    if (Live.ended(control, patience)) {
      return;
    }
    call.err()
        .println(
            "lichen: container "
                + Each.label(container)
                + " did not end within "
                + patience.toSeconds()
                + " s; killing it");
    control.signal(KILL);
    if (!Live.ended(control, Duration.ofSeconds(10))) {
      throw new ContainerException(
          Kind.HOST, "container " + Each.label(container) + " does not end after SIGKILL", "");
    }
  }
}
