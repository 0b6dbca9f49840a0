package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.shell.base.Call;

/** Does the same to each named container; one that fails does not keep the others from it. */
final class Each {
  /** What is done to each. */
  @FunctionalInterface
  interface Action {
    void on(Container container) throws ContainerException;
  }

  private Each() {}

  static Outcome of(
      Call call, List<String> names, boolean all, boolean ignore, State allOf, Action action)
      throws ContainerException {
    if (!all && names.isEmpty()) {
      throw new ContainerException(Kind.USAGE, "which container?", "give names or ids, or --all");
    }
    int status = 0;
    List<String> wanted = new ArrayList<>(names);
    if (all) {
      for (Container container : call.services().runtime().list()) {
        if (allOf == State.CREATED || container.state() == allOf) {
          wanted.add(container.id().value());
        }
      }
    }
    for (String name : wanted) {
      try {
        action.on(call.container(name));
        call.out().println(name);
      } catch (ContainerException e) {
        if (e.kind() == Kind.NOT_FOUND && (ignore || all)) {
          continue;
        }
        call.report(e);
        status = e.kind() == Kind.NOT_FOUND ? Math.max(status, 1) : 125;
      }
    }
    return Outcome.exit(status);
  }

  static String label(Container container) {
    return container.spec().name().isEmpty() ? container.id().brief() : container.spec().name();
  }
}
