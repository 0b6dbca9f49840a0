package org.lichen.shell.container;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import org.lichen.shell.base.Services;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code lichen run}. */
@Command(
    name = "run",
    description = "Run a command in a new container.",
    footer = {
      "",
      "Example: lichen run --rm -it alpine",
      "         lichen run -d --name web -v ./site:/site:ro busybox httpd -f -h /site",
      "Exit status: the command's own; 125 lichen failed, 126 not executable, 127 not found."
    })
public final class RunCommand extends PicoCommand implements StopsAtOperand {
  @Mixin SpecOptions spec = new SpecOptions();

  @Option(
      names = {"-d", "--detach"},
      description = "In the background; print the id.")
  boolean detach;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "Name or id of an image.")
  String image;

  @Parameters(index = "1..*", paramLabel = "COMMAND", description = "Instead of the image's.")
  List<String> arguments = new ArrayList<>();

  @Override
  protected void extend(CommandSpec line, Services services) {
    spec.plugged.extend(line, services.contributors().get());
  }

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    ContainerSpec wanted = spec.spec(image, arguments, call);
    boolean alike = wanted.ephemeral() && spec.dependsOnCommandLineAlone();
    PlanKeeping keeping = new PlanKeeping(wanted, alike, spec.file(), call);
    if (wanted.ephemeral() && spec.cidFile == null) {
      StartOptions options = new StartOptions(detach, false, "${id}");
      LaunchPlan plan = call.services().runtime().plan(named(wanted), options, call.request());
      return new Outcome.Execute(List.of(plan), false, keeping.plan(options));
    }
    wanted = named(wanted);
    Container made = CreateCommand.create(wanted, spec, call);
    return Outcome.execute(
        call.services()
            .runtime()
            .start(made.id(), new StartOptions(detach, false, made.id().value()), call.request()));
  }

  /**
   * Does something with an image in a container that goes afterwards, as {@code exec}, {@code
   * shell} and {@code test} do where they are given an image instead of a container.
   */
  public static Outcome once(String action, List<String> options, List<String> words, Call call)
      throws ContainerException, IOException {
    List<String> argv = new ArrayList<>(List.of("--rm", "--action", action));
    argv.addAll(options);
    argv.addAll(words);
    RunCommand run = new RunCommand();
    try {
      PicoFunction.line(run, call.services()).parseArgs(argv.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new ContainerException(
          Kind.USAGE, action + ": " + e.getMessage(), "lichen run --help", e);
    }
    return run.run(call);
  }

  /** Whether a word names an image in a file, {@code sif:FILE}, and so no container. */
  public static boolean image(String word, Call call) {
    int colon = word.indexOf(':');
    return colon > 0
        && !word.startsWith("docker:")
        && call.services().images().transports().contains(word.substring(0, colon));
  }

  private static ContainerSpec named(ContainerSpec spec) {
    return spec.name().isEmpty() ? spec.change().name(Names.random()).build() : spec;
  }
}
