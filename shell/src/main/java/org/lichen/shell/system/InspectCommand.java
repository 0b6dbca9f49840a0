package org.lichen.shell.system;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.Images.PullPolicy;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.api.runtime.Choice;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Template;
import org.lichen.shell.container.RunCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen inspect}. */
@Command(
    name = "inspect",
    description = "Tell everything about containers or images, as JSON.",
    footer = {"", "Example: lichen inspect --format '{{.State.Status}}' web"})
public final class InspectCommand extends PicoCommand {
  @Option(
      names = "--type",
      paramLabel = "container|image|all",
      defaultValue = "all",
      description = "Which to look for.")
  String type;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template.")
  String format;

  @Option(names = "--labels", description = "Of an image: its labels.")
  boolean labels;

  @Option(names = "--runscript", description = "Of a sif: image: its run script.")
  boolean runscript;

  @Option(names = "--startscript", description = "Of a sif: image: its start script.")
  boolean startscript;

  @Option(names = "--test", description = "Of a sif: image: its test script.")
  boolean test;

  @Option(names = "--deffile", description = "Of a sif: image: what it was built from.")
  boolean definition;

  @Option(names = "--environment", description = "Of a sif: image: its environment's scripts.")
  boolean environment;

  @Option(names = "--list-apps", description = "Of a sif: image: its apps.")
  boolean apps;

  @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names or ids.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Sections sections =
        new Sections(labels, runscript, startscript, test, definition, environment, apps);
    if (sections.wanted()) {
      for (String name : names) {
        sections.print(name, resolved(name, call), call);
      }
      return Outcome.OK;
    }
    List<Map<String, Object>> found = new ArrayList<>();
    int status = 0;
    for (String name : names) {
      try {
        found.add(one(name, call));
      } catch (ContainerException e) {
        call.report(e);
        status = 125;
      }
    }
    if (format.isEmpty() || format.equals("json")) {
      call.out().println(Rows.json(found));
    } else {
      Template template = new Template(format);
      found.forEach(fields -> call.out().println(template.fill(fields)));
    }
    return Outcome.exit(status);
  }

  private Map<String, Object> one(String name, Call call) throws ContainerException {
    if (!type.equals("image")) {
      Optional<Container> container = call.services().runtime().find(name);
      if (container.isPresent()) {
        Optional<Image> image =
            call.services().store().find(container.get().spec().image().toString());
        return InspectView.container(container.get(), image, way(container.get(), call));
      }
    }
    if (!type.equals("container")) {
      Optional<Image> image = image(name, call);
      if (image.isPresent()) {
        return InspectView.image(image.get(), names(image.get(), call));
      }
    }
    throw new ContainerException(
        Kind.NOT_FOUND,
        "no " + (type.equals("all") ? "container or image" : type) + " '" + name + "'",
        "lichen ps -a; lichen images");
  }

  /** How it would be started now; none if it cannot be. */
  private static Optional<Choice> way(Container container, Call call) {
    try {
      return call.services().runtime().choices(container.spec(), call.request()).stream()
          .filter(Choice::chosen)
          .findFirst();
    } catch (ContainerException unknown) {
      return Optional.empty(); // its image is gone: the rest can be told all the same
    }
  }

  /** An image by name or id, or that of a container; one in a file is read if need be. */
  private static Image resolved(String name, Call call) throws ContainerException {
    Optional<Image> image = image(name, call);
    if (image.isEmpty()) {
      Optional<Container> container = call.services().runtime().find(name);
      if (container.isPresent()) {
        image = call.services().store().find(container.get().spec().image().toString());
      }
    }
    return image.orElseThrow(
        () ->
            new ContainerException(
                Kind.NOT_FOUND, "no container or image '" + name + "'", "lichen images"));
  }

  private static Optional<Image> image(String name, Call call) throws ContainerException {
    if (RunCommand.image(name, call)) {
      return Optional.of(
          call.services()
              .images()
              .resolve(name, PullPolicy.MISSING, ReadOptions.DEFAULT, call.request())
              .image());
    }
    Optional<Image> image = call.services().store().find(name);
    return image.isPresent() || name.contains("/")
        ? image
        : call.services().store().find("localhost/" + name);
  }

  private static List<String> names(Image image, Call call) throws ContainerException {
    for (NamedImage named : call.services().store().list()) {
      if (named.image().manifest().equals(image.manifest())) {
        return named.names().stream().map(ImageReference::toString).toList();
      }
    }
    return List.of();
  }
}
