package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen start}. */
@Command(
    name = "start",
    description = "Start containers that exist.",
    footer = {"", "Example: lichen start -ai db"})
public final class StartCommand extends PicoCommand {
  @Option(
      names = {"-a", "--attach"},
      description = "Show its output; wait for its end.")
  boolean attach;

  @Option(
      names = {"-i", "--interactive"},
      description = "Give it standard input too.")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Give it a terminal.")
  boolean terminal;

  @Option(names = "--detach-keys", paramLabel = "KEYS", description = "Keys that leave it.")
  String detachKeys;

  @Option(
      names = "--for-calls",
      hidden = true,
      description = "Without its program, until the last call of an exposed command has ended.")
  boolean calls;

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "Names or ids.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException {
    if (calls) {
      return forCalls(call);
    }
    boolean foreground = attach || interactive || terminal;
    if (foreground && names.size() > 1) {
      throw new ContainerException(
          Kind.USAGE,
          "start: only one container can be attached to",
          "start them without -a and -i");
    }
    List<LaunchPlan> plans = new ArrayList<>();
    for (String name : names) {
      Container container = call.container(name);
      if (container.state() == State.RUNNING && !foreground) {
        call.out().println(name); // as podman: it is what was asked for
        continue;
      }
      if (terminal || detachKeys != null) {
        call.services()
            .runtime()
            .update(
                container.id(),
                spec -> {
                  var changed = spec.change().terminal(spec.terminal() || terminal);
                  return (detachKeys == null ? changed : changed.detachKeys(detachKeys)).build();
                });
      }
      plans.add(
          call.services()
              .runtime()
              .start(
                  container.id(),
                  new StartOptions(!foreground, interactive, name),
                  call.request()));
    }
    return new Outcome.Execute(plans, false);
  }

  /** As the client does it, which knows the container by its id, and may keep the plan. */
  private Outcome forCalls(Call call) throws ContainerException {
    Container container = call.container(names.get(0));
    PlanKeeping keeping =
        new PlanKeeping(
            container.spec(),
            true,
            Optional.of(container.directory().resolve("container.json")),
            call);
    LaunchPlan plan =
        call.services().runtime().start(container.id(), StartOptions.forCalls(), call.request());
    return new Outcome.Execute(List.of(plan), false, keeping.of(plan));
  }
}
