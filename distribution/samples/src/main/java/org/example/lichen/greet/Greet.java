package org.example.lichen.greet;

import java.util.List;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.osgi.service.component.annotations.Component;

/** {@code lichen greet [--loud] NAME…}. */
@Component
public final class Greet implements Command {
  @Override
  public String name() {
    return "greet";
  }

  @Override
  public String group() {
    return "Examples";
  }

  @Override
  public String summary() {
    return "Greet people";
  }

  @Override
  public List<Option> options() {
    return List.of(new Option("-l,--loud", "", "Add an exclamation mark."));
  }

  @Override
  public Outcome run(Invocation in) {
    String end = in.values().containsKey("-l") ? "!" : ".";
    in.operands().forEach(name -> in.out().println("Hello " + name + end));
    return in.operands().isEmpty() ? Outcome.exit(3) : Outcome.OK;
  }
}
