package org.lichen.calls.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.calls.Exposures;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code lichen unexpose}. */
@Component(service = Command.class)
public final class UnexposeCommand implements Command {
  private final Exposures exposures;

  @Activate
  public UnexposeCommand(@Reference Exposures exposures) {
    this.exposures = exposures;
  }

  @Override
  public String name() {
    return "unexpose";
  }

  @Override
  public String group() {
    return "Containers";
  }

  @Override
  public String summary() {
    return "Take commands away that expose has made, by name.";
  }

  @Override
  public List<Option> options() {
    return List.of(new Option("-a,--all", "", "All of them."));
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    List<String> names = new ArrayList<>(in.operands());
    if (in.values().containsKey("-a")) {
      names.addAll(exposures.names());
    } else if (names.isEmpty()) {
      throw new ContainerException(
          Kind.USAGE, "unexpose: which command?", "lichen expose --list shows them");
    }
    int status = 0;
    for (String name : names) {
      if (exposures.unexpose(name)) {
        in.out().println(name);
      } else {
        in.err().println("lichen: no container exposes a command " + name);
        status = 1;
      }
    }
    return Outcome.exit(status);
  }
}
