package org.lichen.calls.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.calls.Exposed;
import org.lichen.calls.Exposures;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code lichen expose}: a program of a container becomes a command of the host. */
@Component(service = Command.class)
public final class ExposeCommand implements Command {
  private static final String USAGE = "lichen expose CONTAINER PROGRAM [ARGUMENT...]";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Exposures exposures;
  private final ContainerRuntime runtime;

  @Activate
  public ExposeCommand(@Reference Exposures exposures, @Reference ContainerRuntime runtime) {
    this.exposures = exposures;
    this.runtime = runtime;
  }

  @Override
  public String name() {
    return "expose";
  }

  @Override
  public String group() {
    return "Containers";
  }

  @Override
  public String summary() {
    return "Make a program of a container a command of the host, as in: lichen expose tools samtools.";
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option("-l,--list", "", "Show what is exposed."),
        new Option("--format", "json", "--list: as JSON."),
        new Option("-n,--name", "NAME", "The command's name, if not the program's own."),
        new Option("-e,--env", "K=V", "Set a variable for it."),
        new Option("--only-env", "", "Pass none of the caller's variables."),
        new Option("--replace", "", "Take the name over from another container."));
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    if (in.values().containsKey("-l")) {
      list(in);
      return Outcome.OK;
    }
    List<String> words = in.operands();
    if (words.size() < 2) {
      throw new ContainerException(Kind.USAGE, "expose: which program of which container?", USAGE);
    }
    Container container =
        runtime
            .find(words.get(0))
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.NOT_FOUND,
                        "no container " + words.get(0),
                        "lichen ps -a lists them; lichen create makes one"));
    if (container.spec().ephemeral()) {
      throw new ContainerException(
          Kind.USAGE,
          "container " + words.get(0) + " is gone when it ends (--rm)",
          "lichen create one without --rm");
    }
    Exposed exposed = exposed(container, words.subList(1, words.size()), in);
    exposures.expose(exposed, in.values().containsKey("--replace"));
    in.out().println(exposures.directory().resolve(exposed.name()));
    String path = in.request().environment().getOrDefault("PATH", "");
    if (!Arrays.asList(path.split(":", -1)).contains(exposures.directory().toString())) {
      in.err().println("hint: " + exposures.directory() + " is not in your PATH: lichen init");
    }
    return Outcome.OK;
  }

  private Exposed exposed(Container container, List<String> argv, Invocation in)
      throws ContainerException {
    String program = argv.get(0);
    List<String> names =
        in.values().getOrDefault("-n", List.of(program.substring(program.lastIndexOf('/') + 1)));
    List<String> environment = in.values().getOrDefault("-e", List.of());
    for (String pair : environment) {
      if (pair.indexOf('=') < 1) {
        throw new ContainerException(Kind.USAGE, "expose: '" + pair + "' is not K=V", USAGE);
      }
    }
    return new Exposed(
        names.get(names.size() - 1),
        container.id(),
        argv,
        environment,
        in.values().containsKey("--only-env"),
        runtime.shared(container.spec()));
  }

  private void list(Invocation in) throws ContainerException, IOException {
    List<String> formats = in.values().getOrDefault("--format", List.of());
    if (!formats.isEmpty() && !formats.equals(List.of("json"))) {
      throw new ContainerException(Kind.USAGE, "expose: --format is json or left out", USAGE);
    }
    List<Exposed> all = exposures.list();
    if (formats.isEmpty()) {
      int width = all.stream().mapToInt(each -> each.name().length()).max().orElse(0);
      for (Exposed each : all) {
        in.out()
            .println(
                String.format(
                    Locale.ROOT,
                    "%-" + Math.max(width, 1) + "s  %s  %s",
                    each.name(),
                    owner(each),
                    String.join(" ", each.argv())));
      }
      return;
    }
    ArrayNode nodes = MAPPER.createArrayNode();
    for (Exposed each : all) {
      ObjectNode node = nodes.addObject();
      node.put("Name", each.name())
          .put("Container", each.container().value())
          .put("ContainerName", owner(each))
          .put("OnlyEnv", each.only());
      node.set("Command", MAPPER.valueToTree(new ArrayList<>(each.argv())));
      node.set("Environment", MAPPER.valueToTree(new ArrayList<>(each.environment())));
    }
    try {
      in.out().println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(nodes));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // a tree of plain nodes
    }
  }

  private String owner(Exposed exposed) throws ContainerException {
    return runtime
        .find(exposed.container().value())
        .map(container -> container.spec().name())
        .orElse("(removed)");
  }
}
