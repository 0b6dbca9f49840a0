package org.lichen.shell.container;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.runtime.ContainerRuntime.EnterOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen exec}; with the common options the client serves it without the runtime. */
@Command(
    name = "exec",
    description = "Run a command in a running container, or in a sif: image.",
    footer = {"", "Example: lichen exec -it web sh", "         lichen exec sif:tools.sif samtools"})
public final class ExecCommand extends PicoCommand implements StopsAtOperand {
  @Option(
      names = {"-i", "--interactive"},
      description = "Give it standard input.")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Give it a terminal.")
  boolean terminal;

  @Option(
      names = {"-d", "--detach"},
      description = "In the background.")
  boolean detach;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = "Set a variable.")
  List<String> environment = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE", description = "Set the variables of a file.")
  List<String> environmentFiles = new ArrayList<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      defaultValue = "",
      description = "Working directory.")
  String directory;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER[:GROUP]",
      defaultValue = "",
      description = "Name or id, looked up in the container.")
  String user;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      defaultValue = "ctrl-p,ctrl-q",
      description = "Keys that leave it.")
  String detachKeys;

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "Name or id.")
  String name;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "What to run.")
  List<String> argv;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    if (RunCommand.image(name, call)) {
      return once(call);
    }
    List<String> pairs = Variables.of(environmentFiles, environment, call.request());
    if (terminal && call.request().environment().containsKey("TERM")) {
      pairs.add(0, "TERM=" + call.request().environment().get("TERM"));
    }
    return Outcome.execute(
        call.services()
            .runtime()
            .enter(
                call.container(name).id(),
                new EnterOptions(
                    argv, pairs, directory, user, terminal, interactive, detach, detachKeys),
                call.request()));
  }

  private Outcome once(Call call) throws ContainerException, IOException {
    if (detach) {
      throw SpecOptions.usage("exec -d: not with an image", "lichen run -d --action exec " + name);
    }
    List<String> options = new ArrayList<>();
    if (interactive) {
      options.add("-i");
    }
    if (terminal) {
      options.add("-t");
    }
    environment.forEach(pair -> options.addAll(List.of("-e", pair)));
    environmentFiles.forEach(file -> options.addAll(List.of("--env-file", file)));
    if (!directory.isEmpty()) {
      options.addAll(List.of("-w", directory));
    }
    if (!user.isEmpty()) {
      options.addAll(List.of("-u", user));
    }
    options.addAll(List.of("--detach-keys", detachKeys));
    List<String> words = new ArrayList<>(List.of(name));
    words.addAll(argv);
    return RunCommand.once("exec", options, words, call);
  }
}
